internal import ArgumentParser
internal import ThimbleSystem

extension Interruption {
  /// The exit code of a shell for the signal that came: 130 for Ctrl-C, 143 for SIGTERM; nil if none did.
  static var exitCode: ExitCode? { signalNumber.map { ExitCode(128 + $0) } }

  /// Ends the command with that code, if a signal has come: what is known has been printed.
  static func exitIfRequested() throws {
    if let exitCode { throw exitCode }
  }
}
