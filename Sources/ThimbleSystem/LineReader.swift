internal import Glibc

/// Lines of standard input, as bytes, one at a time as they come.
///
/// A line ends at a line feed, which a carriage return may precede; the last one may end with the input. A UTF-8 byte
/// order mark at the beginning of the input belongs to no line. All other bytes do, NUL among them.
public struct LineReader {
  public enum Line: Sendable, Equatable {
    case bytes([UInt8])
    /// The line is longer than it may be, and was read over.
    case tooLong
  }

  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var filled = 0
  private var consumed = 0
  /// What has been read of the next line.
  private var line: [UInt8] = []
  private var (isTooLong, isEmpty, isAtEnd) = (false, true, false)
  public let longestLine: Int
  /// The number of the line that was read last, from 1.
  public private(set) var lineNumber = 0

  /// - Parameter longestLine: the most bytes of a line, its end not counted.
  public init(longestLine: Int = 1 << 20) { self.longestLine = longestLine }

  /// The next line without its end; nil at the end of the input.
  ///
  /// - Throws: `SystemError.file` if standard input cannot be read.
  public mutating func next() throws(SystemError) -> Line? {
    while true {
      if take() { return finished() }
      if isAtEnd { return isEmpty ? nil : finished() }
      try fill()
    }
  }

  /// Whether `next` would return without waiting for whoever writes the input.
  public mutating func isReady() throws(SystemError) -> Bool {
    while !buffer[consumed..<filled].contains(0x0A), !isAtEnd {
      _ = take()
      guard isReadable else { return false }
      try fill()
    }
    return true
  }

  /// Moves bytes from the buffer to the line, up to its end.
  ///
  /// - Returns: whether the line has ended.
  private mutating func take() -> Bool {
    guard consumed < filled else { return false }
    isEmpty = false
    let end = buffer[consumed..<filled].firstIndex(of: 0x0A)
    if !isTooLong { line += buffer[consumed..<(end ?? filled)] }
    consumed = end.map { $0 + 1 } ?? filled
    // One byte more may be a carriage return, three more a byte order mark.
    if line.count > longestLine + 4 { (isTooLong, line) = (true, []) }
    return end != nil
  }

  private var isReadable: Bool {
    var descriptor = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&descriptor, 1, 0) != 0
  }

  /// Reads more into the buffer, which is empty, or finds the end of the input.
  private mutating func fill() throws(SystemError) {
    while true {
      let count = unsafe read(0, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw .file(operation: "read", path: "standard input", code: errno)
      }
      (consumed, filled, isAtEnd) = (0, count, count == 0)
      return
    }
  }

  private mutating func finished() -> Line {
    lineNumber += 1
    if line.last == 0x0D { line.removeLast() }
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    defer { (line, isTooLong, isEmpty) = ([], false, true) }
    return isTooLong || line.count > longestLine ? .tooLong : .bytes(line)
  }
}
