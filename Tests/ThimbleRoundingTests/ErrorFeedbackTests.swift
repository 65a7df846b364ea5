import Testing
import ThimbleRounding
import ThimbleSystem
import ThimbleTestSupport

@Suite("Error feedback is a factorisation of the moments")
struct ErrorFeedbackTests {
  /// The order of rounding and, by places in it, the factors [size][size] of a matrix of one block.
  private func feedback(_ h: [[Float]]) throws -> (order: [Int32], factors: [[Float]]) {
    let feedback = try ErrorFeedback(consuming: try .of(h))
    let size = h.count
    return (
      (0..<size).map { feedback.order[$0] },
      (0..<size).map { row in (0..<size).map { feedback.factors[row * size + $0] } }
    )
  }

  @Test("H, damped, is M^T D M", arguments: [1, 33, 200, 780])
  func factorisation(columns: Int) throws {
    let h = try InputMoments.sample(columns: columns)
    let feedback = try ErrorFeedback(consuming: try .sample(columns: columns))
    for block in 0..<h.blockCount {
      let range = h.columns(ofBlock: block)
      let size = range.count
      let start = h.offset(ofBlock: block)
      let order = range.map { Int(feedback.order[$0]) - range.lowerBound }
      #expect(order.sorted() == Array(0..<size))
      func moment(_ i: Int, _ j: Int) -> Double {
        Double(h.sums[start + order[i] * size + order[j]])
      }
      func factor(_ i: Int, _ j: Int) -> Double {
        i == j ? 1 : Double(feedback.factors[start + i * size + j])
      }
      let mean = (0..<size).reduce(0) { $0 + moment($1, $1) } / Double(size)
      // H + 1 % of its mean diagonal = M^T D M: D from the last column on, then everything else.
      var d = [Double](repeating: 0, count: size)
      var worst = 0.0
      for j in stride(from: size - 1, through: 0, by: -1) {
        d[j] = moment(j, j) + 0.01 * mean
        for i in j + 1..<max(size, j + 1) { d[j] -= d[i] * factor(i, j) * factor(i, j) }
        #expect(d[j] > 0)
        guard j % 7 == 0 else { continue }
        for l in 0..<j {
          var product = 0.0
          for i in j..<size { product += d[i] * factor(i, j) * factor(i, l) }
          worst = max(worst, abs(product - moment(j, l)))
        }
      }
      #expect(worst < 1e-3 * mean, "block \(block)")
    }
  }

  @Test(
    "the column that matters less comes last and makes up for the other, by their moment over its own"
  )
  func two() throws {
    // Damped by a hundredth of the mean diagonal, 2.5.
    let factor = Float(2 / 1.025)
    for (h, order) in [
      ([[4, 2], [2, 1]], [0, 1]), ([[1, 2], [2, 4]], [1, 0]),
    ] as [([[Float]], [Int32])] {
      let result = try feedback(h)
      #expect(result.order == order)
      #expect(result.factors == [[0, 0], [factor, 0]])
    }
  }

  @Test("what is left for other columns counts, not what they began with")
  func remainder() throws {
    // The last column makes up for nearly all errors of the first, which then matters less than the second.
    let result = try feedback([[10, 0, 3], [0, 5, 0], [3, 0, 1]])
    let damping = 0.01 * 16.0 / 3
    #expect(result.order == [1, 0, 2])
    #expect(result.factors == [[0, 0, 0], [0, 0, 0], [0, Float(3 * (1 / (1 + damping))), 0]])
  }

  @Test("columns that have nothing to do with each other make up for nothing")
  func independent() throws {
    let result = try feedback([[1, 0, 0], [0, 9, 0], [0, 0, 4]])
    #expect(result.order == [1, 2, 0])
    #expect(result.factors == Array(repeating: [0, 0, 0], count: 3))
  }

  @Test("columns that are always alike do not make the factors infinite")
  func singular() throws {
    let result = try feedback([[1, 1], [1, 1]])
    #expect(abs(result.factors[1][0] - 1 / 1.01) < 1e-6)
  }

  @Test(
    "without inputs, or with some that are no numbers, nothing is made up for",
    arguments: [0, .nan, .infinity] as [Float])
  func noInput(_ moment: Float) throws {
    let result = try feedback([[moment, moment], [moment, moment]])
    #expect(result.order == [0, 1])
    #expect(result.factors == [[0, 0], [0, 0]])
  }
}
