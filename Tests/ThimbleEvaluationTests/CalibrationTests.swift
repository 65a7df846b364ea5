import Testing
import ThimbleArchitecture
import ThimbleEvaluation
import ThimbleTestSupport

@Suite("Measuring where errors cost most")
struct CalibrationTests {
  @Test("errors of single matrices add up to that of all weights, and inputs have their moments")
  func calibration() throws {
    let small = try SmallPair()
    var options = CalibrationOptions()
    options.evaluation.masking = .fraction(0.25)
    options.evaluation.limit = 1
    let outer = "transformer.ffns.2.lin2.weight"
    options.keepsProducts = { $0 == outer }
    let text = try sampleText("de", "en")
    let calibration = try small.pair.calibration(text, options)
    let qualities = try small.pair.tensorQualities()
    #expect(Set(calibration.matrices.keys) == Set(qualities.map(\.name)))

    let weights = try small.pair.evaluator(small.pair.candidates([.weights]), options.evaluation)
      .run(text)
    let whole = try #require(weights.measures(candidate: 0)).divergence.mean.value
    #expect(calibration.positions == weights.measures(candidate: 0)?.positions)
    let parts = try small.pair.tensorErrors().reduce(0) { sum, error in
      sum + error.squares * (calibration.matrices[error.name]?.sensitivity ?? .nan)
    }
    #expect(abs(parts / whole - 1) < 0.35)

    for (name, matrix) in calibration.matrices {
      let columns = qualities.first { $0.name == name }?.columns
      // Positions are looked up; nothing multiplies them.
      if name == XLMConfiguration.positionEmbeddingName {
        #expect(matrix.inputMeanSquares.isEmpty)
      } else {
        #expect(matrix.inputMeanSquares.count == columns)
        #expect(matrix.inputMeanSquares.allSatisfy { $0 > 0 })
      }
      #expect((matrix.inputProducts != nil) == (name == outer))
    }
    let matrix = try #require(calibration.matrices[outer])
    let products = try #require(matrix.inputProducts)
    let width = matrix.inputMeanSquares.count
    for row in stride(from: 0, to: width, by: 37) {
      let square = matrix.inputMeanSquares[row]
      #expect(abs(products[row * width + row] - square) < 1e-4 * square)
      #expect(products[row * width + 5] == products[5 * width + row])
    }
  }
}
