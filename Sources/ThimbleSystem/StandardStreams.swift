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

  /// Lets a write to a closed pipe, or past the size that a file may have, fail with an error,
  /// where it would kill the process.
  public static func reportBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }
}

/// Lines of standard input, as bytes, one at a time as they come.
public struct LineReader {
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var filled = 0
  private var consumed = 0
  private let longestLine: Int
  /// The number of the line that was read last, from 1.
  public private(set) var lineNumber = 0

  /// - Parameter longestLine: the most bytes of a line.
  public init(longestLine: Int = 1 << 20) { self.longestLine = longestLine }

  /// The next line without its line feed; nil at the end.
  ///
  /// - Throws: `SystemError.lineTooLong`, or `SystemError.file` if standard input cannot be read.
  public mutating func next() throws(SystemError) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if consumed == filled {
        let count = unsafe read(0, &buffer, buffer.count)
        if count < 0 {
          if errno == EINTR { continue }
          throw .file(operation: "read", path: "standard input", code: errno)
        }
        if count == 0 {
          guard !line.isEmpty else { return nil }
          lineNumber += 1
          return line
        }
        (consumed, filled) = (0, count)
      }
      let end = buffer[consumed..<filled].firstIndex(of: 0x0A)
      line += buffer[consumed..<(end ?? filled)]
      consumed = end.map { $0 + 1 } ?? filled
      guard line.count <= longestLine else {
        throw .lineTooLong(number: lineNumber + 1, limit: longestLine)
      }
      if end != nil {
        lineNumber += 1
        if line.last == 0x0D { line.removeLast() }
        return line
      }
    }
  }
}

/// The environment variable `name`, or nil.
public func environment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}
