import ThimbleSystem
import ThimbleTestSupport

/// The command that the build of these tests made.
let command = ChildProcess.environment("TESTED_COMMAND") ?? repository(".build/debug/thimble")

let smallCheckpoint = repository("Tests/ThimbleModelTests/Fixtures/xlm-small")
let tinyCheckpoint = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/model.safetensors")

/// Runs `thimble` with `arguments`.
func thimble(_ arguments: String..., input: String = "") throws -> ChildProcess {
  try ChildProcess(command, arguments, input: input)
}

/// The small model as a file, converted once for all tests that ask.
enum SmallModel {
  static let folder = TemporaryFolder()
  static let path: String = {
    let path = folder("small.thimble")
    let result = try? thimble("convert", smallCheckpoint, "-o", path, "--bits", "6.1")
    precondition(result?.exitCode == 0, "cannot convert: \(result?.errors ?? "no process")")
    return path
  }()
}
