import Testing
import ThimbleTestSupport

@Suite("What convert leaves behind: the old file or the new one")
struct OutputTests {
  let folder = TemporaryFolder()

  @Test("when it is killed", arguments: [0, 20, 50, 100, 200, 400, 800, 1600])
  func killed(milliseconds: Int) throws {
    // The rule holds at any moment; on a slow machine they are other moments.
    let path = try folder.write(Array("the old file".utf8), to: "model.thimble")
    let seconds = "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())1"
    let result = try ChildProcess(
      "timeout", ["-s", "KILL", seconds, command, "convert", smallCheckpoint, "-o", path])
    #expect(folder.names == ["model.thimble"])
    if try bytes(path) == Array("the old file".utf8) {
      #expect(result.exitCode == 137, "\(result.errors)")
    } else {
      #expect(try thimble("verify", path).exitCode == 0)
    }
  }

  static let mount = "mount -t tmpfs -o size=1m none"

  @Test(
    "when the disk is full",
    .enabled("a small file system can be mounted here") {
      let folder = TemporaryFolder()
      return try ChildProcess("unshare", ["-rm", "sh", "-c", "\(mount) '\(folder.path)'"])
        .exitCode == 0
    })
  func fullDisk() throws {
    let script = """
      \(Self.mount) '\(folder.path)'
      echo 'the old file' >'\(folder("model.thimble"))'
      '\(command)' convert '\(smallCheckpoint)' -o '\(folder("model.thimble"))'
      echo "code $?"
      ls -A '\(folder.path)'
      cat '\(folder("model.thimble"))'
      """
    let result = try ChildProcess("unshare", ["-rm", "sh", "-c", script])
    #expect(result.output == "code 74\nmodel.thimble\nthe old file\n", "\(result.errors)")
    #expect(result.errors.contains("not enough space"), "\(result.errors)")
  }
}
