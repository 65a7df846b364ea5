import Testing
import ThimbleArchitecture
import ThimbleFormat
import ThimbleModel
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

/// A Python that can run Tools/read-thimble.py; nil where none has numpy and zstandard.
private let python: String? = {
  let name = ChildProcess.environment("TOOLS_PYTHON") ?? "python3"
  let check = try? ChildProcess(name, ["-c", "import numpy, zstandard"])
  return check?.exitCode == 0 ? name : nil
}()

@Suite(
  "The second reader",
  .enabled(if: python != nil, "needs Python with numpy and zstandard; Tools/test installs them"))
struct SecondReaderTests {
  let folder = TemporaryFolder()

  /// Has Tools/read-thimble.py write the values of all tensors of `path` to the folder.
  private func read(_ path: String) throws -> ChildProcess {
    let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    return try ChildProcess(
      python ?? "", ["\(root)/Tools/read-thimble.py", path, "--npy", folder.path])
  }

  @Test("finds the same value for every weight, bit for bit")
  func sameValues() throws {
    let path = try SampleFile(in: folder).path
    let reading = try read(path)
    try #require(reading.exitCode == 0, "\(reading.errors)")
    let file = try ThimbleFile(path: path)
    let plan = try MemoryPlan(
      file, configuration: FileWeights.configuration(of: file), budget: .automatic, tokens: 16,
      heads: [], threads: 1)
    let weights = try FileWeights(file, plan: plan, workers: 1, kernels: .underTest)
    for tensor in file.tensors {
      let (rows, columns) = (tensor.shape.rows, tensor.shape.columns)
      let expected = try NumPyArray(path: folder("\(tensor.name).npy"))
      try #require(expected.count == rows * columns, "\(tensor.name)")
      let found = try AlignedArray<Float>(count: columns)
      let wanted = ModelTensor(
        name: tensor.name, shape: tensor.shape.rank == 1 ? [columns] : [rows, columns],
        role: .linearWeight, group: .heads)
      let table: any RowSource =
        tensor.shape.rank == 1
        ? FloatTable(try weights.vector(wanted), columns: columns)
        : try weights.table(wanted)
      for row in 0..<rows {
        try table.copyRow(row, into: found, at: 0, worker: 0)
        let wrong = (0..<columns).first {
          found[$0].bitPattern != expected.bits(at: row * columns + $0)
        }
        try #require(wrong == nil, "\(tensor.name), row \(row), column \(wrong ?? 0)")
      }
    }
  }

  @Test("refuses a file in which one bit of a chunk is wrong, and names the tensor")
  func damage() throws {
    let path = try SampleFile(in: folder).path
    let file = try ThimbleFile(path: path)
    let tensor = try #require(file.tensors.last)
    var bytes = try MappedFile(path: path).bytes.bytes()
    bytes[Int(file.chunk(tensor.firstChunk).offset)] ^= 1
    let reading = try read(try folder.write(bytes, to: "damaged.thimble"))
    #expect(reading.exitCode == 1)
    #expect(reading.errors.contains("\(tensor.name), chunk 0 is damaged"))
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
