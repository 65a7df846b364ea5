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
    #expect(throws: SystemError.notAFile(path: "/dev/null", found: "a device")) {
      _ = try OutputFile(path: "/dev/null")
    }
  }

  @Test("a name that no file can have is refused before anything is written")
  func impossibleName() {
    let long = folder(String(repeating: "a", count: 256))
    #expect(throws: SystemError.file(operation: "create", path: long, code: 36)) {
      _ = try OutputFile(path: long)
    }
    #expect(throws: SystemError.self) { _ = try OutputFile(path: folder("new/")) }
    #expect(throws: SystemError.self) { _ = try OutputFile(path: "") }
  }

  @Test("the longest name there is can be written")
  func longName() throws {
    let name = String(repeating: "é", count: 127) + "a"
    _ = try folder.write([1], to: name)
    #expect(folder.names == [name])
  }

  @Test("a pipe or a folder is said to be one, and nobody waits for a writer")
  func pipe() throws {
    let path = folder("pipe")
    #expect(try ChildProcess("mkfifo", [path]).exitCode == 0)
    #expect(throws: SystemError.notAFile(path: path, found: "a pipe")) {
      _ = try MappedFile(path: path)
    }
    #expect(throws: SystemError.notAFile(path: path, found: "a pipe")) {
      _ = try OutputFile(path: path)
    }
    #expect(throws: SystemError.notAFile(path: folder.path, found: "a folder")) {
      _ = try MappedFile(path: folder.path)
    }
  }
}
