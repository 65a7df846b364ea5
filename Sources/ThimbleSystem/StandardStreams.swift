internal import Glibc

/// The streams that a process is born with.
public enum StandardStream: Int32, Sendable {
  case input = 0
  case output = 1
  case error = 2

  /// Whether a person reads or types here.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Columns of the terminal; nil if it is none.
  public var columns: Int? {
    var size = winsize()
    guard unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes all of `text` at once: what is written is not kept back in a buffer.
  ///
  /// - Throws: `SystemError.file`, for example because the reader of a pipe has gone.
  public func write(_ text: String) throws(SystemError) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          rawValue, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw .file(
          operation: "write", path: self == .output ? "standard output" : "standard error",
          code: errno)
      }
      done += written
    }
  }

  /// Occupies the descriptors of streams that were closed when the process began, which files would take otherwise: what is
  /// written to them fails as it would, and ends in no file.
  public static func occupyClosed() {
    for stream in [StandardStream.input, .output, .error] {
      while fcntl(stream.rawValue, F_GETFD) < 0 {
        // Opened in the direction in which nobody uses it; messages to a closed standard error are lost in silence.
        let mode = stream == .output ? O_RDONLY : O_WRONLY
        guard unsafe open("/dev/null", mode) >= 0 else { break }
      }
    }
  }

  /// Lets a write to a closed pipe, or past the size that a file may have, fail with an error,
  /// where it would kill the process.
  public static func reportBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }
}

/// The environment variable `name`, or nil.
public func environment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

/// The number of the first argument of this process, from 1, that is not UTF-8; nil if all are. `CommandLine` repairs
/// them without a word.
public func firstArgumentThatIsNotUTF8() -> Int? {
  for index in 1..<max(Int(CommandLine.argc), 1) {
    guard let argument = unsafe CommandLine.unsafeArgv[index] else { break }
    if unsafe String(validatingCString: argument) == nil { return index }
  }
  return nil
}
