internal import Thimble
internal import ThimbleModel
internal import ThimbleOps

extension Session {
  /// Opens the .thimble file at `path` with whatever heads it has, and lets its passes be timed.
  convenience init(serving path: String, options: RunOptions) throws {
    let source = try ModelSource.file(path, options: options)
    try self.init(source)
    encoder.meter = try PassMeter(workers: source.threads)
  }

  /// Masks whose logits are computed at once; nil if the model fills no masks.
  var positionsPerRound: Int? { head(MaskedLanguageModel.self)?.positionsPerRound }

  /// What a model takes while it is probed and keeps nothing pinned, in bytes. Of the workspace few pages are touched.
  var probingSize: Int {
    guard let plan else { return 0 }
    return plan.vectors + plan.scratch + min(plan.workspace, 4 << 20)
  }

  /// Where the time of the passes went since this was called before.
  func takeTimes() -> PassTimes {
    guard let meter = encoder.meter else { return PassTimes() }
    defer { meter.reset() }
    let total = PassMeter.Stage.allCases.reduce(0) { $0 + meter.seconds($1) }
    let decoding = meter.seconds(.decode)
    return PassTimes(decoding: decoding, computing: total - decoding)
  }
}

/// Where the time of a pass went, in seconds.
struct PassTimes: Sendable {
  /// Turning chunks of the file into codes.
  var decoding = 0.0
  /// Everything else.
  var computing = 0.0
}
