public import ThimbleSystem

/// How the inputs of a linear layer vary together: sums of x[i] * x[j] over many inputs x, the matrix H of GPTQ.
///
/// Kept for pairs of columns in the same block only, so that memory grows with the width, not with
/// its square: few models are so narrow that one block holds all of them.
public struct InputMoments: Sendable {
  /// The most columns of a block.
  public static let largestBlock = 768

  public let columns: Int
  /// Columns of every block but perhaps the last.
  public let blockSize: Int
  /// Block after block, each [size][size]; the first of the pair of columns is the larger one.
  public let sums: AlignedArray<Float>

  /// All sums are zero at first.
  public init(columns: Int) throws(SystemError) {
    let count = (columns + Self.largestBlock - 1) / Self.largestBlock
    self.columns = columns
    // Blocks of nearly the same size, in whole groups of columns that are quantised together.
    blockSize = PanelGeometry.paddedRows((columns + count - 1) / count)
    sums = try AlignedArray(count: columns * min(blockSize, columns))
  }

  public var blockCount: Int { (columns + blockSize - 1) / blockSize }

  public func columns(ofBlock block: Int) -> Range<Int> {
    block * blockSize..<min((block + 1) * blockSize, columns)
  }

  /// Where the sums of `block` begin in `sums`: that of columns i and j of the block is [i * size + j] from there.
  public func offset(ofBlock block: Int) -> Int { block * blockSize * blockSize }

  /// The sum of x[column]^2.
  func square(ofColumn column: Int) -> Float {
    let block = column / blockSize
    let range = columns(ofBlock: block)
    let index = column - range.lowerBound
    return sums[offset(ofBlock: block) + index * range.count + index]
  }

  /// Adds `share` of the mean square to the square of every column: errors that cost the same in all of them.
  public func addIdentity(_ share: Float) {
    let added = share * meanSquare
    for block in 0..<blockCount {
      let size = columns(ofBlock: block).count
      for index in 0..<size { sums[offset(ofBlock: block) + index * size + index] += added }
    }
  }

  /// The mean over the columns of the sum of x[column]^2.
  var meanSquare: Float {
    (0..<columns).reduce(0) { $0 + square(ofColumn: $1) } / Float(columns)
  }

  /// Makes these the moments of inputs that are multiplied by `factors`.
  func scale(by factors: AlignedArray<Float>) {
    for block in 0..<blockCount {
      let range = columns(ofBlock: block)
      for (i, row) in range.enumerated() {
        let start = offset(ofBlock: block) + i * range.count
        for (j, column) in range.enumerated() { sums[start + j] *= factors[row] * factors[column] }
      }
    }
  }
}
