internal import ThimbleArchitecture
internal import ThimbleFormat
public import ThimbleRounding
public import ThimbleSystem

/// Makes a .thimble file of a checkpoint.
///
/// The same source and rate give the same bytes, whatever the number of threads and the kernels.
public struct Converter {
  private let plan: ChunkPlan
  private let rate: Rate
  private let threadCount: Int
  private let kernels: KernelTable

  /// - Parameters:
  ///   - calibration: of this model; without it every weight is rounded by itself.
  ///   - threadCount: at least 1.
  /// - Throws: `ConvertError.tooWide`.
  public init(
    _ source: ConversionSource, rate: Rate, calibration: RoundingGuide? = nil, threadCount: Int,
    kernels: KernelTable
  ) throws(ConvertError) {
    let whole: ConversionSource
    do { whole = try calibration.map(source.adding) ?? source } catch { throw .system(error) }
    plan = try ChunkPlan(whole, calibration: calibration)
    self.rate = rate
    self.threadCount = threadCount
    self.kernels = kernels
  }

  /// Writes the file `path`, which appears when it is complete, and not before.
  ///
  /// - Parameter progress: called about ten times a second, on this thread.
  public func convert(
    to path: String, progress: (ConversionProgress) -> Void = { _ in }
  ) throws(ConvertError) -> ConversionReport {
    var meter = Meter(bytesTotal: plan.source.tensors.map(\.bytes.count).reduce(0, +))
    // Begun first, so that a target that cannot be written shows before the work.
    var writer = try makeWriter(path)
    let (workforce, waves) = try makeWorkforce()
    let estimator = try SizeEstimator(workforce)
    let goal = SizeGoal(rate, plan: plan, isExact: estimator.isExact)
    var aim = goal?.aim
    for attempt in 1... {
      meter.beginSearch(progress)
      let (fineness, isFinest) = try fineness(goal, aim: aim, estimator)
      let tallies = try write(
        to: writer, waves, estimator, fineness: fineness, size: isFinest ? nil : aim, &meter,
        progress)
      let size = Double(plan.fileSize(tensorSizes: tallies.map(\.size)))
      guard let goal, let missed = aim, !goal.accepts(size, isFinest: isFinest) else {
        return try finish(writer, tallies, isFinest: isFinest, &meter)
      }
      // The sample misjudged the whole by this much; a second miss is next to impossible.
      aim = missed * goal.aim / size
      guard attempt < Self.maximumAttempts else {
        throw .missed(asked: goal.words(goal.asked), found: goal.words(size))
      }
      writer = try makeWriter(path)
    }
    preconditionFailure("attempts are counted")
  }

  private static let maximumAttempts = 3

  /// The least and the most bits per weight that this model can have, as far as a sample of its weights shows.
  public func reachableBits() throws(ConvertError) -> ClosedRange<Double> {
    let estimator = try SizeEstimator(try makeWorkforce().0)
    let sizes = try RateSearch(estimator: estimator, plan: plan).reachableSizes()
    return plan.bitsPerWeight(fileSize: sizes.lowest)...plan.bitsPerWeight(fileSize: sizes.highest)
  }

  private func makeWriter(_ path: String) throws(ConvertError) -> ThimbleWriter {
    do throws(FormatError) {
      return try ThimbleWriter(
        path: path, configuration: plan.source.configuration, tokenizer: plan.source.tokenizer)
    } catch { throw .format(error) }
  }

  private func makeWorkforce() throws(ConvertError) -> (Workforce, WaveWriter) {
    do throws(SystemError) {
      let workforce = try Workforce(plan, threadCount: threadCount, kernels: kernels)
      return (workforce, try WaveWriter(workforce))
    } catch { throw .system(error) }
  }

  /// The fineness that was asked for, or that leads to the size `aim`, and whether no finer one is any larger.
  private func fineness(
    _ goal: SizeGoal?, aim: Double?, _ estimator: SizeEstimator
  ) throws(ConvertError) -> (fineness: Double, isFinest: Bool) {
    guard let goal, let aim else {
      guard case .quality(let quality) = rate else {
        preconditionFailure("only qualities lack a goal")
      }
      return (quality.fineness, false)
    }
    let search = RateSearch(estimator: estimator, plan: plan)
    if let fineness = try search.fineness(forFileSize: aim) { return (fineness, false) }
    let (lowest, highest) = try search.reachableSizes()
    // A size is the most that the file may have; fewer bytes than that are no fault.
    if goal.isLimit, highest <= goal.asked { return (search.finest, true) }
    throw .unreachable(
      asked: goal.words(goal.asked), lowest: goal.words(lowest), highest: goal.words(highest))
  }

  @inline(never)
  private func write(
    to writer: ThimbleWriter, _ waves: WaveWriter, _ estimator: SizeEstimator, fineness: Double,
    size: Double?, _ meter: inout Meter, _ progress: (ConversionProgress) -> Void
  ) throws(ConvertError) -> [WaveWriter.Tally] {
    let size = if let size { Int(size) } else { try estimator.fileSize(fineness: fineness) }
    do throws(FormatError) { try writer.reserve(size) } catch { throw .format(error) }
    // Swift 6.3.1 cannot optimise a closure that borrows the estimator.
    let steps = estimator.steps
    return try waves.write(
      to: writer, step: { steps.step(of: $0, fineness: fineness) },
      progress: { meter.report(bytesDone: $0, progress) })
  }

  private func finish(
    _ writer: ThimbleWriter, _ tallies: [WaveWriter.Tally], isFinest: Bool,
    _ meter: inout Meter
  ) throws(ConvertError) -> ConversionReport {
    let size: Int
    do throws(FormatError) { size = try writer.finish() } catch { throw .format(error) }
    return ConversionReport(
      groups: ModelTensor.Group.allCases.compactMap { .init($0, plan: plan, tallies: tallies) },
      fileSize: size, parameterCount: plan.source.parameterCount,
      bitsPerWeight: plan.bitsPerWeight(fileSize: Double(size)),
      sqnr: plan.distortion(of: plan.source.tensors.indices, tallies).sqnr, isFinest: isFinest,
      seconds: meter.seconds, peakPrivateBytes: meter.peakPrivateBytes)
  }
}

/// Watches time and memory, and says now and then how far the work is.
private struct Meter {
  let bytesTotal: Int
  private(set) var peakPrivateBytes = ProcessMemory.current()?.privateBytes
  private let start = monotonicSeconds()
  private var lastReport = 0.0

  private static let interval = 0.1

  init(bytesTotal: Int) { self.bytesTotal = bytesTotal }

  var seconds: Double { monotonicSeconds() - start }

  /// Says that steps are being tried, which takes a moment before anything is written.
  mutating func beginSearch(_ progress: (ConversionProgress) -> Void) {
    progress(ConversionProgress(bytesDone: 0, bytesTotal: bytesTotal, seconds: seconds))
  }

  mutating func report(bytesDone: Int, _ progress: (ConversionProgress) -> Void) {
    let now = seconds
    // Nothing done has been said already.
    guard bytesDone > 0, now - lastReport >= Self.interval || bytesDone == bytesTotal else {
      return
    }
    lastReport = now
    if let memory = ProcessMemory.current(), let peak = peakPrivateBytes {
      peakPrivateBytes = max(peak, memory.privateBytes)
    }
    progress(ConversionProgress(bytesDone: bytesDone, bytesTotal: bytesTotal, seconds: now))
  }
}
