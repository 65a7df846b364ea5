import Testing
import ThimbleArchitecture
import ThimbleConvert
import ThimbleFormat
import ThimbleSystem
import ThimbleTestSupport

@Suite("A conversion that fails says why and leaves nothing")
struct FailureTests {
  let folder = TemporaryFolder()

  private func convert(_ source: ConversionSource, threads: Int = 2, to path: String) throws {
    _ = try Converter(source, rate: .bits(6), threadCount: threads, kernels: .best).convert(
      to: path)
  }

  @Test(
    "a weight that is no number is named",
    arguments: [Float.nan, .infinity, -.infinity], WeightElement.allCases)
  func notFinite(value: Float, element: WeightElement) throws {
    let matrix = try RandomModel.matrix(rows: 100, columns: 70, element)
    let source = RandomModel.source(of: [try matrix.replacing(83 * 70 + 69, with: value)])
    let error = #expect(throws: ConvertError.self) { try convert(source, to: folder("file")) }
    #expect(error?.description.contains("\"matrix\", row 83, column 69") == true, "\(error as Any)")
    #expect(folder.names.isEmpty)
  }

  @Test("an infinite bias is named")
  func notFiniteVector() throws {
    let source = try RandomModel.source()
    let index = try #require(source.tensors.firstIndex { $0.tensor.name.hasSuffix("q_lin.bias") })
    var tensors = source.tensors
    tensors[index] = try tensors[index].replacing(95, with: .infinity)
    let name = tensors[index].tensor.name
    #expect(
      throws: ConvertError.unusableWeight(tensor: name, row: 0, column: 95, value: .infinity)
    ) { try convert(RandomModel.source(of: tensors), to: folder("file")) }
  }

  @Test("of several bad weights the first is named, whichever thread meets one", arguments: 1...4)
  func firstOfSeveral(threads: Int) throws {
    let matrix = try RandomModel.zeros(rows: 2048, columns: 64)
      .replacing(stride(from: 700 * 64 + 5, to: 2048 * 64, by: 2048), with: .nan)
    let error = #expect(throws: ConvertError.self) {
      try convert(RandomModel.source(of: [matrix]), threads: threads, to: folder("file"))
    }
    #expect(error?.description.contains("row 700, column 5:") == true, "\(error as Any)")
  }

  @Test("a weight beyond what scales reach is named, with its value")
  func tooLarge() throws {
    let matrix = try RandomModel.matrix(rows: 64, columns: 64).replacing(130, with: 3e38)
    #expect(
      throws: ConvertError.unusableWeight(tensor: "matrix", row: 2, column: 2, value: 3e38)
    ) { try convert(RandomModel.source(of: [matrix]), to: folder("file")) }
  }

  @Test("a matrix that is too wide for the format is refused")
  func tooWide() throws {
    let matrix = try RandomModel.zeros(rows: 64, columns: 32_769)
    #expect(throws: ConvertError.tooWide(tensor: "matrix", columns: 32_769, limit: 32_768)) {
      try convert(RandomModel.source(of: [matrix]), to: folder("file"))
    }
  }

  @Test("an old file survives a conversion that fails")
  func oldFile() throws {
    let path = try folder.write([1, 2, 3], to: "file")
    let matrix = try RandomModel.matrix(rows: 64, columns: 64).replacing(9, with: .nan)
    #expect(throws: ConvertError.self) {
      try convert(RandomModel.source(of: [matrix]), to: path)
    }
    #expect(try MappedFile(path: path).bytes.bytes() == [1, 2, 3])
    #expect(folder.names == ["file"])
  }

  @Test("a target that cannot be written is refused")
  func unwritable() throws {
    let source = RandomModel.source(of: [try RandomModel.matrix(rows: 64, columns: 64)])
    for path in [folder("missing/file"), folder.path, "/dev/full"] {
      let error = #expect(throws: ConvertError.self) { try convert(source, to: path) }
      #expect(error?.description.contains(path) == true, "\(error as Any)")
    }
  }

  @Test("a disk without room for the file is noticed before the work")
  func noRoom() throws {
    let writer = try ThimbleWriter(
      path: folder("file"), configuration: Array("{}".utf8), tokenizer: [])
    // More than any file system holds in one file.
    let error = #expect(throws: FormatError.self) { try writer.reserve(.max / 2) }
    #expect(error?.description.contains("cannot reserve \(Int.max / 2) bytes") == true)
  }

  @Test("progress grows and ends with everything")
  func progress() throws {
    let source = try RandomModel.source()
    var steps: [ConversionProgress] = []
    _ = try Converter(source, rate: .bits(6), threadCount: 2, kernels: .best)
      .convert(to: folder("file")) { steps.append($0) }
    let total = source.tensors.map(\.bytes.count).reduce(0, +)
    #expect(steps.last?.bytesDone == total)
    #expect(steps.allSatisfy { $0.bytesTotal == total })
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.bytesDone < $1.bytesDone })
  }
}
