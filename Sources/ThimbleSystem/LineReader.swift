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
  public let longestLine: Int
  /// The number of the line that was read last, from 1.
  public private(set) var lineNumber = 0

  /// - Parameter longestLine: the most bytes of a line, its end not counted.
  public init(longestLine: Int = 1 << 20) { self.longestLine = longestLine }

  /// The next line without its end; nil at the end of the input.
  ///
  /// - Throws: `SystemError.file` if standard input cannot be read.
  public mutating func next() throws(SystemError) -> Line? {
    var line: [UInt8] = []
    var (isTooLong, isEmpty) = (false, true)
    while true {
      if consumed == filled, try !fill() {
        return isEmpty ? nil : finished(line, isTooLong)
      }
      isEmpty = false
      let end = buffer[consumed..<filled].firstIndex(of: 0x0A)
      if !isTooLong { line += buffer[consumed..<(end ?? filled)] }
      consumed = end.map { $0 + 1 } ?? filled
      // One byte more may be a carriage return, three more a byte order mark.
      if line.count > longestLine + 4 { (isTooLong, line) = (true, []) }
      if end != nil { return finished(line, isTooLong) }
    }
  }

  /// - Returns: whether there is something in the buffer.
  private mutating func fill() throws(SystemError) -> Bool {
    while true {
      let count = unsafe read(0, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw .file(operation: "read", path: "standard input", code: errno)
      }
      (consumed, filled) = (0, count)
      return count > 0
    }
  }

  private mutating func finished(_ bytes: [UInt8], _ isTooLong: Bool) -> Line {
    lineNumber += 1
    var line = bytes
    if line.last == 0x0D { line.removeLast() }
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    return isTooLong || line.count > longestLine ? .tooLong : .bytes(line)
  }
}
