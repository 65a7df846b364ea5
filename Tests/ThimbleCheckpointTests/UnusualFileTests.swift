import Testing
import ThimbleCheckpoint
import ThimbleSystem
import ThimbleTestSupport

/// Files that PyTorch and others may write although they seldom do.
struct UnusualFileTests {
  static let files = (try? listFolder(fixture("unusual"))) ?? []

  @Test("a file that is unusual but honest is read", arguments: files)
  func read(file: String) throws {
    let checkpoint = try Checkpoint.open(fixture("unusual/\(file)"))
    let wrapped = try checkpoint.object?["state_dict"]?.tensors()
    let tensor = try #require((wrapped ?? checkpoint.tensors).first { $0.name == "a" })
    #expect(tensor.shape == [1, 2])
    #expect(tensor.floats() == [1, 2])
  }

  @Test("there are such files")
  func complete() { #expect(Self.files.count >= 30) }

  @Test("what stands beside the tensors can be looked at")
  func values() throws {
    let checkpoint = try Checkpoint.open(fixture("unusual/zip-beside-others"))
    let object = try #require(checkpoint.object)
    #expect(object["epoch"]?.integer == 3)
    #expect(object["loss"]?.double == 1)
    #expect(object["name"]?.string == "x")
    #expect(object["none"]?.isNone == true)
    #expect(object["long"]?.integer == 1 << 40)
    #expect(object["longer"]?.integer == nil)
    #expect(object["zero"]?.integer == 0)
    #expect(object["a"]?.isTensor == true)
    #expect(object["b"] == nil)
    #expect(object.entries.map { $0.key.integer }.contains(7))
  }

  @Test(
    "every 16-bit float is widened to the fp32 number of the same value",
    arguments: [ElementType.float16, .bfloat16])
  func everyFloat(elementType: ElementType) throws {
    let patterns = Array(0...UInt16.max)
    let bytes = try ByteView(patterns.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    let tensor = CheckpointTensor(
      name: "a", elementType: elementType, shape: [patterns.count], bytes: bytes)
    for (pattern, value) in zip(patterns, tensor.floats()) {
      let expected =
        elementType == .float16
        ? Float(Float16(bitPattern: pattern)) : Float(bitPattern: UInt32(pattern) << 16)
      #expect(value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN)
    }
  }

  @Test(
    "a short pickle that uses a long list again and again is refused before it takes much memory")
  func repeatedList() throws {
    let magic: [UInt8] = [
      0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    var bytes = magic + [0x80, 2, 0x4D, 0xE9, 3, 0x2E, 0x80, 2, 0x7D, 0x2E]
    // A list of pairs, kept as 0, and OrderedDict, kept as 1: then the dictionary of the list, 6,000 times.
    bytes += [0x80, 2, 0x5D, 0x71, 0, 0x28]
    for _ in 0..<8000 { bytes += [0x4B, 1, 0x4B, 1, 0x86] }
    bytes += [0x65, 0x63] + Array("collections\nOrderedDict\n".utf8) + [0x71, 1]
    for _ in 0..<6000 { bytes += [0x68, 1, 0x68, 0, 0x85, 0x52, 0x30] }
    let view = try ByteView(bytes + [0x2E])
    #expect {
      try Checkpoint.read(view, path: "file")
    } throws: { "\($0)".contains("values for its size") }
  }

  @Test("a memo far beyond the values of a pickle is refused")
  func farMemo() throws {
    let magic: [UInt8] = [
      0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    let bytes =
      magic + [
        0x80, 2, 0x4D, 0xE9, 3, 0x2E, 0x80, 2, 0x7D, 0x2E, 0x80, 2, 0x7D, 0x72, 0, 0, 0x10, 0, 0x2E,
      ]
    #expect {
      try Checkpoint.read(try ByteView(bytes), path: "file")
    } throws: { "\($0)".contains("memos for its size") }
  }
}
