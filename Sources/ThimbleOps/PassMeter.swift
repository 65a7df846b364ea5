public import ThimbleSystem

/// Where the time of forward passes goes. Costs two readings of the clock per chunk when it is on, nothing otherwise.
public final class PassMeter {
  /// The parts that a pass is made of.
  public enum Stage: Int, CaseIterable, Sendable {
    /// Turning chunks of the file into codes.
    case decode
    /// Multiplying activations by panels.
    case matmul
    case attention
    /// Embedding look-ups, layer norms, quantising activations, activation functions.
    case other
  }

  private var seconds = [Double](repeating: 0, count: Stage.allCases.count)
  /// Per worker, seconds spent decoding and multiplying in the region under way.
  private let decoding: AlignedArray<Double>
  private let multiplying: AlignedArray<Double>

  public init(workers: Int) throws(SystemError) {
    decoding = try AlignedArray(count: workers * 8)
    multiplying = try AlignedArray(count: workers * 8)
  }

  /// Wall-clock seconds of each stage since the last `reset`.
  public func seconds(_ stage: Stage) -> Double { seconds[stage.rawValue] }

  public func reset() { for stage in seconds.indices { seconds[stage] = 0 } }

  func add(_ start: Double, _ stage: Stage) { seconds[stage.rawValue] += monotonicSeconds() - start }

  func addWork(_ worker: Int, decoding decoded: Double, multiplying multiplied: Double) {
    // Workers' counters lie on cache lines of their own.
    decoding[worker * 8] += decoded
    multiplying[worker * 8] += multiplied
  }

  /// Divides the wall-clock time of a region of linear layers in proportion to what the workers did.
  func addLinear(_ start: Double) {
    let wall = monotonicSeconds() - start
    var (decoded, multiplied) = (0.0, 0.0)
    for worker in 0..<decoding.count / 8 {
      decoded += decoding[worker * 8]
      multiplied += multiplying[worker * 8]
      decoding[worker * 8] = 0
      multiplying[worker * 8] = 0
    }
    let share = decoded + multiplied > 0 ? decoded / (decoded + multiplied) : 0
    seconds[Stage.decode.rawValue] += wall * share
    seconds[Stage.matmul.rawValue] += wall * (1 - share)
  }
}

extension PassMeter? {
  /// Runs `body`, and adds its time to `stage` if there is a meter.
  @inline(__always)
  public func measure<Failure: Error>(
    _ stage: PassMeter.Stage, _ body: () throws(Failure) -> Void
  ) throws(Failure) {
    guard let self else { return try body() }
    let start = monotonicSeconds()
    try body()
    self.add(start, stage)
  }
}
