import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("Mapped files")
struct MappedFileTests {
  let folder = TemporaryFolder()

  @Test("have the bytes of the file, and none if it is empty", arguments: [0, 1, 4096, 10_000])
  func bytes(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let file = try MappedFile(path: folder.write(bytes, to: "a"))
    #expect(file.count == count && file.bytes.bytes() == bytes)
  }

  @Test("live as long as a view of them, under any name or none")
  func lifetime() throws {
    let view = try MappedFile(path: folder.write([1, 2, 3], to: "a")).bytes[1..<3]
    removePath(folder("a"))
    #expect(view.bytes() == [2, 3])
  }

  @Test("keep their bytes whatever is advised about them")
  func advice() throws {
    let bytes = (0..<3 * 4096 + 5).map { UInt8(truncatingIfNeeded: $0 / 100) }
    let file = try MappedFile(path: folder.write(bytes, to: "a"))
    for advice in [MappedFile.Advice.sequential, .willNeed, .dontNeed] {
      for range in [0..<bytes.count, 5..<6, 4096..<8192, -9..<1 << 40, 7..<7] {
        file.advise(advice, range)
        #expect(file.bytes.bytes() == bytes, "\(advice), \(range)")
      }
      file.bytes[100..<9000].advise(advice)
      // Bytes that are in no file: nothing to advise.
      try ByteView(bytes).advise(advice)
    }
    #expect(file.bytes.bytes() == bytes)
  }

  @Test("are refused with their path if they are missing or no files")
  func refused() {
    #expect(throws: SystemError.file(operation: "open", path: folder("none"), code: 2)) {
      _ = try MappedFile(path: folder("none"))
    }
    #expect(throws: SystemError.notAFile(path: folder.path, found: "a folder")) {
      _ = try MappedFile(path: folder.path)
    }
    #expect(throws: SystemError.notAFile(path: "/dev/null", found: "a device")) {
      _ = try MappedFile(path: "/dev/null")
    }
  }
}
