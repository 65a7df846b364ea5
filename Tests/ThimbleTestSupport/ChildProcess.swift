internal import Foundation
internal import Glibc

/// What a program left behind when it ended.
///
/// The one place where tests meet Foundation: the standard library cannot start programs.
public struct ChildProcess: Sendable {
  /// 128 plus the number of a signal, if one ended the program.
  public let exitCode: Int32
  public let output: String
  public let errors: String

  /// Runs `program`, a path or a name to be found in PATH, to its end.
  ///
  /// - Parameters:
  ///   - input: what it reads from standard input.
  ///   - environment: variables beside those of the tests.
  public init(
    _ program: String, _ arguments: [String], input: String = "",
    environment: [String: String] = [:]
  ) throws {
    // Files rather than pipes: nobody has to drain them while the program runs.
    let folder = TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = Self.inherited.merging(environment) { $1 }
    process.standardInput = try FileHandle(
      forReadingFrom: URL(fileURLWithPath: folder.write(Array(input.utf8), to: "input")))
    let (output, errors) = (
      URL(fileURLWithPath: try folder.write([], to: "output")),
      URL(fileURLWithPath: try folder.write([], to: "errors"))
    )
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    exitCode =
      process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    self.output = String(decoding: try Data(contentsOf: output), as: UTF8.self)
    self.errors = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
  }

  /// What a program gets of the environment of the tests: nothing that would be an option of `serve`.
  static var inherited: [String: String] {
    ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("THIMBLE_") || name == "THIMBLE_ISA"
    }
  }

  /// The value of an environment variable of the tests.
  public static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name]
  }
}

/// Lets this process read the file at `path` as its standard input from now on.
public func replaceStandardInput(by path: String) throws {
  let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
  withExtendedLifetime(file) { _ = dup2(file.fileDescriptor, 0) }
}
