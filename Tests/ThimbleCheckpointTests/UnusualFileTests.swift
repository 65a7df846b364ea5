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
}
