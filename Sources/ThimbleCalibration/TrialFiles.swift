internal import Thimble
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleRounding
internal import ThimbleSystem

/// Makes files that nobody but a calibration sees, one at a time, and opens each beside its checkpoint.
struct TrialFiles {
  let checkpoint: ModelCheckpoint
  let source: ConversionSource
  /// A path in the folder that the files are made in.
  let neighbour: String
  let threadCount: Int
  let kernels: KernelTable

  /// Calls `body` with a file of `rate`.
  ///
  /// It loses its name as soon as it is open, so that whoever ends this process leaves nothing behind, and its space
  /// when `body` ends.
  func open<Result>(
    _ rate: Rate, _ guide: RoundingGuide, _ body: (ModelPair) throws -> Result
  ) throws -> Result {
    let path = OutputFile.hiddenPath(beside: neighbour, "trial")
    let doomed = DoomedPath(path)
    defer { withExtendedLifetime(doomed) {} }
    _ = try converter(rate, guide).convert(to: path)
    let pair: ModelPair
    do {
      defer { removePath(path) }
      pair = try ModelPair(
        file: path, checkpoint: checkpoint,
        run: RunOptions(threads: threadCount, isa: kernels.name))
    }
    return try body(pair)
  }

  /// The part of `range` that files of this model can have, in bits per weight. Of a small one headers and vectors alone
  /// take some, and the finest steps may need less than the most.
  func bits(
    within range: ClosedRange<Double>, _ guide: RoundingGuide
  ) throws(ConvertError) -> ClosedRange<Double> {
    range.clamped(to: try converter(.bits(range.upperBound), guide).reachableBits())
  }

  private func converter(_ rate: Rate, _ guide: RoundingGuide) throws(ConvertError) -> Converter {
    try Converter(
      source, rate: rate, calibration: guide, threadCount: threadCount, kernels: kernels)
  }
}
