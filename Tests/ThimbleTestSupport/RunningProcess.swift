internal import Foundation

/// A program that runs beside a test, and is killed when the test lets go of it.
public final class RunningProcess {
  private let process = Process()
  private let errors = Pipe()
  /// What came on standard error and was not looked at.
  private var pending = ""

  /// - Parameter environment: variables beside those of the tests.
  public init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = ChildProcess.inherited.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// The next line of standard error that contains `text`; nil if the program ends without.
  public func line(with text: String) -> String? {
    while true {
      while let end = pending.firstIndex(of: "\n") {
        let line = String(pending[..<end])
        pending.removeSubrange(...end)
        if line.contains(text) { return line }
      }
      let data = errors.fileHandleForReading.availableData
      guard !data.isEmpty else { return nil }
      pending += String(decoding: data, as: UTF8.self)
    }
  }

  public enum Signal { case terminate, hangUp }

  public func send(_ signal: Signal) {
    kill(process.processIdentifier, signal == .terminate ? SIGTERM : SIGHUP)
  }

  /// Waits for the end; 128 plus the number of a signal, if one ended the program.
  public func exitCode() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
  }
}
