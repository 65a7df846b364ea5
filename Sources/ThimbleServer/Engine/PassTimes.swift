internal import Thimble
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// Where the time of a pass went, in seconds.
struct PassTimes: Sendable {
  /// Turning chunks of the file into codes.
  var decoding = 0.0
  /// Everything else.
  var computing = 0.0
}

extension LanguageModel {
  /// Lets passes be timed from now on.
  func measurePasses() throws {
    masked.encoder.meter = try PassMeter(workers: masked.encoder.pool.threadCount)
  }

  /// The times since this was called before.
  func takePassTimes() -> PassTimes {
    guard let meter = masked.encoder.meter else { return PassTimes() }
    defer { meter.reset() }
    let total = PassMeter.Stage.allCases.reduce(0) { $0 + meter.seconds($1) }
    let decoding = meter.seconds(.decode)
    return PassTimes(decoding: decoding, computing: total - decoding)
  }
}
