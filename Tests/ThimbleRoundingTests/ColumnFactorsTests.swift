import Testing
import ThimbleArchitecture
import ThimbleRounding
import ThimbleSystem
import ThimbleTestSupport

@Suite("Smoothing makes the columns of an input more alike")
struct ColumnFactorsTests {
  /// Four columns at a quarter of the mean square, which is 1, and one at four times as much. Two vary together.
  private static let moments: [[Float]] = [
    [4, 0.5, 0, 0, 0], [0.5, 0.25, 0, 0, 0], [0, 0, 0.25, 0, 0], [0, 0, 0, 0.25, 0],
    [0, 0, 0, 0, 0.25],
  ]

  private func tensor(_ name: String = "factors", columns: Int = 5) -> ModelTensor {
    ModelTensor(name: name, shape: [columns], role: .columnFactors, group: .norms)
  }

  @Test(
    "a factor is the relative root mean square of its column to the power of -strength",
    arguments: [(0, 1, 1), (0.5, 0.70710678, 1.4142135), (1, 0.5, 2)])
  func factors(strength: Double, first: Float, others: Float) throws {
    let moments = try InputMoments.of(Self.moments)
    let factors = try #require(try ColumnFactors(tensor(), smoothing: moments, strength: strength))
    for (column, expected) in [first, others, others, others, others].enumerated() {
      #expect(abs(factors.values[column] / expected - 1) < 1e-6)
      #expect(abs(factors.reciprocals[column] * expected - 1) < 1e-6)
    }
    // The moments are now those of what comes out.
    #expect(abs(moments.sums[0] - 4 * first * first) < 1e-5)
    #expect(abs(moments.sums[1] - 0.5 * first * others) < 1e-6)
    #expect(abs(moments.sums[6] - 0.25 * others * others) < 1e-6)
  }

  @Test("a column without input gets a factor as if it had a millionth of the mean square")
  func emptyColumn() throws {
    let moments = try InputMoments.of([[2, 0], [0, 0]])
    let factors = try #require(
      try ColumnFactors(tensor(columns: 2), smoothing: moments, strength: 1))
    #expect(abs(factors.values[1] / 1000 - 1) < 1e-5)
  }

  @Test(
    "without input, or with one that is no number, there are none",
    arguments: [0, .nan, .infinity] as [Float])
  func noInput(_ moment: Float) throws {
    let moments = try InputMoments.of([[moment, 0], [0, moment]])
    #expect(try ColumnFactors(tensor(columns: 2), smoothing: moments, strength: 0.5) == nil)
  }

  @Test("a guide lists factors that matrices share once, by their names")
  func guide() throws {
    func matrix(_ name: String) throws -> RoundingGuide.Matrix {
      let moments = try InputMoments.of(Self.moments)
      let factors = try ColumnFactors(tensor(name), smoothing: moments, strength: 0.5)
      return RoundingGuide.Matrix(
        feedback: try ErrorFeedback(consuming: moments), columnFactors: factors)
    }
    let shared = try matrix("b")
    let plain = RoundingGuide.Matrix(feedback: shared.feedback, columnFactors: nil)
    let guide = RoundingGuide([
      "query": shared, "key": shared, "inner": try matrix("a"), "output": plain,
    ])
    #expect(guide.columnFactors.map(\.tensor.name) == ["a", "b"])
    #expect(guide["output"] != nil && guide["output"]?.columnFactors == nil)
    #expect(guide["other"] == nil)
  }
}
