public import ThimbleSystem

/// Where the time of forward passes goes. Costs a few readings of the clock per chunk when it is on, nothing otherwise.
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
  /// Per worker and stage, seconds spent in the region under way.
  private let work: AlignedArray<Double>

  public init(workers: Int) throws(SystemError) {
    work = try AlignedArray(count: workers * Self.stride)
  }

  // Workers' counters lie on cache lines of their own.
  private static let stride = 8

  /// Wall-clock seconds of each stage since the last `reset`.
  public func seconds(_ stage: Stage) -> Double { seconds[stage.rawValue] }

  public func reset() { for stage in seconds.indices { seconds[stage] = 0 } }

  func add(_ start: Double, _ stage: Stage) {
    seconds[stage.rawValue] += monotonicSeconds() - start
  }

  /// Notes that `worker` has spent time on `stage` since `start`; returns the time.
  @discardableResult
  func addWork(_ worker: Int, _ stage: Stage, since start: Double) -> Double {
    let now = monotonicSeconds()
    work[worker * Self.stride + stage.rawValue] += now - start
    return now
  }

  /// Divides the wall-clock time of a region in proportion to what the workers did.
  func divide(since start: Double) {
    let wall = monotonicSeconds() - start
    var total = 0.0
    for index in 0..<work.count { total += work[index] }
    for index in 0..<work.count where work[index] > 0 {
      seconds[index % Self.stride] += wall * work[index] / total
      work[index] = 0
    }
  }
}

extension PassMeter? {
  /// Notes that `worker` has spent time on `stage` since `start`; returns the time. Without a meter no clock is read.
  @inline(__always)
  @discardableResult
  func addWork(_ worker: Int, _ stage: PassMeter.Stage, since start: Double) -> Double {
    guard let self else { return 0 }
    return self.addWork(worker, stage, since: start)
  }

  /// The time, if there is a meter.
  @inline(__always)
  func now() -> Double { self == nil ? 0 : monotonicSeconds() }

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
