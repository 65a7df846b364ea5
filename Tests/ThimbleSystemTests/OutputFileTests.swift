import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("Output files")
struct OutputFileTests {
  let folder = TemporaryFolder()

  @Test("nothing has the name before commit, and nothing is left without one")
  func uncommitted() throws {
    do {
      let output = try OutputFile(path: folder("a"))
      try output.append([1, 2, 3])
      #expect(!folder.names.contains("a"))
    }
    #expect(folder.names.isEmpty)
  }

  @Test("a commit replaces the old file; who has it mapped keeps it")
  func replaces() throws {
    let path = try folder.write([1, 2, 3], to: "a")
    let old = try MappedFile(path: path)
    let output = try OutputFile(path: path)
    try output.append([9, 9, 9, 9])
    try output.overwrite([7], at: 1)
    try output.commit()
    #expect(old.bytes.bytes() == [1, 2, 3])
    #expect(try MappedFile(path: path).bytes.bytes() == [9, 7, 9, 9])
    #expect(folder.names == ["a"])
  }

  @Test("a folder that does not exist is an error that names the file")
  func missingFolder() {
    #expect(throws: SystemError.file(operation: "create", path: folder("no/a"), code: 2)) {
      _ = try OutputFile(path: folder("no/a"))
    }
  }

  @Test("a target that is no file is refused")
  func notAFile() {
    #expect(throws: SystemError.notAFile(path: "/dev/null")) {
      _ = try OutputFile(path: "/dev/null")
    }
  }
}
