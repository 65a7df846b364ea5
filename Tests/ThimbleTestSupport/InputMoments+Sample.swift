public import ThimbleRounding
internal import ThimbleSystem

extension InputMoments {
  /// Moments of inputs that mostly follow a few directions.
  public static func sample(columns: Int) throws -> InputMoments {
    let moments = try InputMoments(columns: columns)
    var random = SeededRandom(seed: 5)
    func number() -> Float { .random(in: -1...1, using: &random) }
    let directions = (0..<6).map { _ in (0..<columns).map { _ in number() } }
    for _ in 0..<40 {
      var input = (0..<columns).map { column in 0.2 * number() * (column % 50 == 7 ? 30 : 1) }
      for direction in directions {
        let share = number()
        for column in 0..<columns { input[column] += share * direction[column] }
      }
      for block in 0..<moments.blockCount {
        let range = moments.columns(ofBlock: block)
        for (i, row) in range.enumerated() {
          for (j, column) in range.enumerated() {
            moments.sums[moments.offset(ofBlock: block) + i * range.count + j] +=
              input[row] * input[column]
          }
        }
      }
    }
    return moments
  }

  /// The moments `h`, of as many columns as it has rows.
  public static func of(_ h: [[Float]]) throws -> InputMoments {
    let moments = try InputMoments(columns: h.count)
    for (i, row) in h.enumerated() {
      for (j, entry) in row.enumerated() { moments.sums[i * h.count + j] = entry }
    }
    return moments
  }
}
