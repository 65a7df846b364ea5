import Testing
import ThimbleFormat
import ThimbleSystem
import ThimbleTestSupport

/// The hex dump in Formats/thimble.md, read out of the page itself.
@Suite("The worked example of the specification")
struct SpecificationExampleTests {
  let folder = TemporaryFolder()

  /// The bytes of the dump: lines of an offset, up to 16 bytes, and two spaces before any remark.
  func dumpedBytes() throws -> [UInt8] {
    let page = try #require(MappedFile(path: repository("Formats/thimble.md")).bytes.utf8String())
    var bytes: [UInt8] = []
    for line in page.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let offset = words.first, offset.count == 4, Int(offset, radix: 16) == bytes.count,
        line.contains("  ")
      else { continue }
      for word in words.dropFirst() {
        guard word.count == 2, let byte = UInt8(word, radix: 16) else { break }
        bytes.append(byte)
      }
    }
    return bytes
  }

  @Test("is what the writer writes")
  func written() throws {
    let writer = try ThimbleWriter(
      path: folder("example"), configuration: Array("{}".utf8), tokenizer: [])
    try writer.begin(.f32(name: "a", columns: 1))
    let encoder = try ChunkEncoder(largestChunk: 64, kernels: .best)
    try writer.append(
      encoder.encode(
        codes: array([0x00, 0x00, 0x80, 0x3F]), count: 4, scaleCodes: nil, count: 0,
        into: ChunkEncoder.makeBuffer(largestChunk: 64)))
    try writer.finish()
    #expect(try dumpedBytes() == MappedFile(path: folder("example")).bytes.bytes())
  }

  @Test("is read as the page says, and is sound")
  func read() throws {
    let file = try ThimbleFile(path: folder.write(dumpedBytes(), to: "example"))
    #expect(file.configuration.bytes() == Array("{}".utf8))
    #expect(file.tokenizer.isEmpty)
    #expect(file.tensors.map(\.shape) == [.f32(name: "a", columns: 1)])
    let decoder = try ChunkDecoder(largestChunk: file.largestChunk, kernels: .best)
    #expect(try file.values(of: file.tensors[0], decoder: decoder)[0] == 1)
    #expect(try file.verify(pool: ComputePool(threadCount: 1), kernels: .best).isEmpty)
  }
}
