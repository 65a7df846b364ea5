internal import ThimbleOps
internal import ThimbleSystem

/// Second moments of the inputs of matrices, summed up over tokens.
final class InputStatistics {
  private final class Sums {
    var tokens = 0
    var squares: [Double]
    /// [columns][columns], the upper triangle.
    let products: AlignedArray<Float>?

    init(columns: Int, keepsProducts: Bool) throws(SystemError) {
      squares = [Double](repeating: 0, count: columns)
      products = keepsProducts ? try AlignedArray(count: columns * columns) : nil
    }
  }

  private let wantsProducts: (_ name: String) -> Bool
  private let pool: ComputePool
  private var sums: [String: Sums] = [:]
  private(set) var failure: SystemError?

  init(pool: ComputePool, wantsProducts: @escaping (_ name: String) -> Bool) {
    self.pool = pool
    self.wantsProducts = wantsProducts
  }

  /// Adds `rows` of `input`, which the matrix `name` takes.
  func add(_ input: FloatRows, rows: Range<Int>, of name: String) {
    guard failure == nil else { return }
    do throws(SystemError) {
      let sums = try sums(of: name, columns: input.width)
      sums.tokens += rows.count
      for row in rows {
        input.withRow(row) { values in
          for column in values.indices {
            sums.squares[column] += Double(values[column]) * Double(values[column])
          }
        }
      }
      if let products = sums.products { addProducts(input, rows, to: products) }
    } catch { failure = error }
  }

  private func sums(of name: String, columns: Int) throws(SystemError) -> Sums {
    if let sums = sums[name] { return sums }
    let new = try Sums(columns: columns, keepsProducts: wantsProducts(name))
    sums[name] = new
    return new
  }

  private func addProducts(_ input: FloatRows, _ rows: Range<Int>, to products: AlignedArray<Float>)
  {
    let width = input.width
    pool.run(count: width) { column, _ in
      products.withMutableSpan(column * width..<(column + 1) * width) { sums in
        for row in rows {
          input.withRow(row) { values in
            let factor = values[column]
            for other in column..<width { sums[other] += factor * values[other] }
          }
        }
      }
    }
  }

  var names: [String] { Array(sums.keys) }

  /// The mean of the square of each column; empty for a matrix without input.
  func meanSquares(of name: String) -> [Float] {
    guard let sums = sums[name] else { return [] }
    return sums.squares.map { Float($0 / Double(sums.tokens)) }
  }

  /// The mean of x xᵀ, if it was kept.
  func meanProducts(of name: String) -> [Float]? {
    guard let sums = sums[name], let products = sums.products else { return nil }
    let width = sums.squares.count
    var means = [Float](repeating: 0, count: width * width)
    for row in 0..<width {
      for column in row..<width {
        let mean = products[row * width + column] / Float(sums.tokens)
        means[row * width + column] = mean
        means[column * width + row] = mean
      }
    }
    return means
  }
}
