internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleRounding
internal import ThimbleSystem

/// Adds up the moments of inputs, batch by batch.
///
/// X^T X is a product of matrices like any other: columns of X go in panels of 32, and the kernels do the
/// work.
final class MomentSum {
  private let kernels: KernelTable
  private let pool: ComputePool
  /// [columns][maximumRows]: X^T
  private let transposed: AlignedArray<Float>
  private let maximumRows: Int
  private let zeros: AlignedArray<Float>
  /// For each worker, [maximumRows][32]: some columns of X.
  private let panels: [AlignedArray<Float>]
  /// For each worker, [block][32]: a product.
  private let products: [AlignedArray<Float>]

  private static let width = PanelGeometry.panelRows

  /// - Parameters:
  ///   - columns: of the widest input.
  ///   - maximumRows: the most rows of a batch.
  init(
    columns: Int, maximumRows: Int, pool: ComputePool, kernels: KernelTable
  ) throws(SystemError) {
    self.kernels = kernels
    self.pool = pool
    self.maximumRows = maximumRows
    transposed = try AlignedArray(count: columns * maximumRows)
    zeros = try AlignedArray(count: Self.width)
    var (panels, products): ([AlignedArray<Float>], [AlignedArray<Float>]) = ([], [])
    for _ in 0..<pool.threadCount {
      panels.append(try AlignedArray(count: maximumRows * Self.width))
      products.append(try AlignedArray(count: InputMoments.largestBlock * Self.width))
    }
    (self.panels, self.products) = (panels, products)
  }

  /// Adds the rows `rows` of `input` to `moments`.
  func add(_ input: FloatRows, rows: [Int], to moments: InputMoments) {
    precondition(input.width == moments.columns && rows.count <= maximumRows)
    transpose(input, rows)
    for block in 0..<moments.blockCount {
      let columns = moments.columns(ofBlock: block)
      pool.run(count: (columns.count + Self.width - 1) / Self.width) { task, worker in
        let first = columns.lowerBound + task * Self.width
        let part = first..<min(first + Self.width, columns.upperBound)
        fill(panels[worker], with: part, of: input, rows)
        // Only pairs whose first column is the larger one.
        let count = columns.upperBound - first
        let product = products[worker]
        kernels.matmulF32(
          weights: panels[worker].from(0), k: rows.count,
          x: Rows(transposed, at: first * maximumRows, stride: maximumRows), tokens: count,
          bias: zeros.from(0), out: Rows(product, stride: Self.width))
        let start = moments.offset(ofBlock: block) + task * Self.width
        for index in 0..<count {
          let row = start + (task * Self.width + index) * columns.count
          for column in 0..<part.count {
            moments.sums[row + column] += product[index * Self.width + column]
          }
        }
      }
    }
  }

  private func transpose(_ input: FloatRows, _ rows: [Int]) {
    pool.run(count: (input.width + Self.width - 1) / Self.width) { task, _ in
      for column in task * Self.width..<min((task + 1) * Self.width, input.width) {
        for (index, row) in rows.enumerated() {
          transposed[column * maximumRows + index] = input.values[row * input.stride + column]
        }
      }
    }
  }

  private func fill(
    _ panel: AlignedArray<Float>, with columns: Range<Int>, of input: FloatRows, _ rows: [Int]
  ) {
    for (index, row) in rows.enumerated() {
      for column in 0..<Self.width {
        panel[index * Self.width + column] =
          column < columns.count
          ? input.values[row * input.stride + columns.lowerBound + column] : 0
      }
    }
  }
}
