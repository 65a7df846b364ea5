import Thimble
import ThimbleConvert
import ThimbleEvaluation
import ThimbleImport
import ThimbleSystem
import ThimbleTestSupport

let smallCheckpoint = repository("Tests/ThimbleModelTests/Fixtures/xlm-small")

/// The small model as a file, with the checkpoint that it was made from.
struct SmallPair {
  let folder = TemporaryFolder()
  let pair: ModelPair

  init(_ quality: Quality = .balanced, threads: Int = 2) throws {
    let path = folder("small.thimble")
    let source = try ConversionSource(ModelCheckpoint.open(smallCheckpoint))
    _ = try Converter(source, rate: .quality(quality), threadCount: 2, kernels: .best).convert(
      to: path)
    pair = try ModelPair(
      file: path, reference: smallCheckpoint, run: RunOptions(threads: threads))
  }
}

func sampleText(_ languages: String...) throws -> EvaluationText {
  try EvaluationText(
    paths: languages.isEmpty ? [fixture("text")] : languages.map { fixture("text/\($0).txt") })
}
