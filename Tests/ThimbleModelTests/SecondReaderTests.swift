import Testing
import ThimbleFormat
import ThimbleModel
import ThimbleOps
import ThimbleSystem

/// Where Tools/second-reader leaves .thimble files, and beside each a folder with the values of every tensor
/// as Tools/read-thimble.py found them.
private let folder =
  #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/.build/second-reader"

private let isPrepared = (try? MappedFile(path: "\(folder)/6.1.thimble")) != nil

@Suite("The second reader")
struct SecondReaderTests {
  @Test(
    "finds the same value, bit for bit, for every weight of a converted model",
    .enabled(if: isPrepared, "Tools/test prepares the files"), arguments: ["4.2", "6.1", "7.5"])
  func sameValues(bits: String) throws {
    let file = try ThimbleFile(path: "\(folder)/\(bits).thimble")
    let kernels = KernelTable.best
    let plan = try MemoryPlan(
      file, configuration: FileWeights.configuration(of: file), budget: .automatic, tokens: 16,
      withHead: true, threads: 1)
    let weights = try FileWeights(file, plan: plan, workers: 1, kernels: kernels)
    for tensor in file.tensors {
      let expected = try NumPyArray(path: "\(folder)/\(bits)/\(tensor.name).npy")
      let (rows, columns) = (tensor.shape.rows, tensor.shape.columns)
      try #require(expected.count == rows * columns, "\(tensor.name)")
      let found = try AlignedArray<Float>(count: columns)
      let table: any RowSource =
        tensor.shape.rank == 1
        ? FloatTable(try weights.vector(tensor.name, count: columns), columns: columns)
        : try weights.table(tensor.name, rows: rows, columns: columns)
      for row in 0..<rows {
        try table.copyRow(row, into: found, at: 0, worker: 0)
        let wrong = (0..<columns).first {
          found[$0].bitPattern != expected.bits(at: row * columns + $0)
        }
        try #require(wrong == nil, "\(tensor.name), row \(row), column \(wrong ?? 0)")
      }
    }
  }
}

/// A .npy file of fp32 values in row-major order.
private struct NumPyArray {
  private let file: MappedFile
  private let start: Int
  let count: Int

  init(path: String) throws {
    file = try MappedFile(path: path)
    // Ten bytes, the last two of which count the text that follows them.
    start = 10 + Int(file.bytes.load(at: 8, as: UInt16.self))
    count = (file.bytes.count - start) / 4
  }

  func bits(at index: Int) -> UInt32 { file.bytes.load(at: start + 4 * index, as: UInt32.self) }
}
