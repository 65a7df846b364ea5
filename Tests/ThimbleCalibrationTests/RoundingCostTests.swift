import Testing
import Thimble
import ThimbleCalibration
import ThimbleConvert
import ThimbleEvaluation
import ThimbleImport
import ThimbleSystem
import ThimbleTestSupport

@Suite("Measuring what the rounding of each matrix costs")
struct RoundingCostTests {
  let folder = TemporaryFolder()

  @Test("costs of single matrices add up to what all weights cost together")
  func sum() throws {
    let path = folder("small.thimble")
    let source = try ConversionSource(ModelCheckpoint.open(smallCheckpoint))
    _ = try Converter(source, rate: .quality(.balanced), threadCount: 2, kernels: .best)
      .convert(to: path)
    let pair = try ModelPair(file: path, reference: smallCheckpoint, run: RunOptions(threads: 2))
    let qualities = try pair.tensorQualities()
    let text = try sampleText("de", "en")
    let tables = try #require(pair.tokenizer)
    let costs = try pair.roundingCosts(.sentences(text, tables))
    #expect(Set(costs.keys) == Set(qualities.map(\.name)))
    let parts = qualities.reduce(0) {
      $0 + Double($1.rows * $1.columns) * (costs[$1.name] ?? .nan)
    }
    let whole = try pair.evaluator(pair.candidates([.weights])).run(text)
    let divergence = try #require(whole.measures(candidate: 0)).divergence.mean.value
    #expect(abs(parts / divergence - 1) < 0.35, "\(parts) of \(divergence)")
  }

  @Test("a model without a head is measured by its hidden states, with text or without")
  func hidden() throws {
    let path = folder("encoder.thimble")
    let source = try ConversionSource(ModelCheckpoint.open(classifierCheckpoint))
    _ = try Converter(source, rate: .quality(.balanced), threadCount: 1, kernels: .best)
      .convert(to: path)
    let pair = try ModelPair(file: path, reference: classifierCheckpoint)
    let ids = try folder.write(Array("[1, 20, 30, 40, 1]\n[1, 50, 1]\n".utf8), to: "en.txt")
    let random = try pair.roundingCosts(.randomTokens)
    let costs = try pair.roundingCosts(.ids(try EvaluationText(paths: [ids])))
    #expect(costs.keys == random.keys && !costs.isEmpty)
    #expect(costs.values.allSatisfy { $0 >= 0 && $0 < 1e-4 }, "\(costs)")
    // The matrices of the layers are all felt; the embeddings are too, by their tokens.
    #expect(random.values.allSatisfy { $0 > 0 }, "\(random)")
  }
}
