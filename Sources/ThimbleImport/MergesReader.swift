package import ThimbleSystem

/// Reads merges.txt, or the `codes` file of the original, as Python reads it.
///
/// Every line is a rank: `left right count`, split at any white space of Unicode. What is no merge
/// keeps its rank, and a last line without an end is lost.
package enum MergesReader {
  static let largestFile = 256 << 20

  package static func read(_ file: ByteView) throws(MergesFault) -> MergeList {
    guard file.count <= largestFile else {
      throw .tooLarge(byteCount: file.count, limit: largestFile)
    }
    return try file.withSpan { bytes throws(MergesFault) in
      if let offset = UTF8Check.firstInvalidByte(bytes) {
        throw .notUTF8(line: UTF8Check.line(at: offset, bytes))
      }
      var merges = MergeList()
      var start = 0
      while let end = Lines.end(from: start, bytes) {
        let fields = Lines.fields(of: start..<end, bytes)
        merges.append(fields.first, fields.second, of: bytes)
        start = Lines.next(after: end, bytes)
      }
      merges.keepLastOfDuplicates()
      return merges
    }
  }
}

/// Lines and fields as Python sees them.
enum Lines {
  /// The end of the line that begins at `start`; nil if nothing ends it.
  static func end(from start: Int, _ bytes: Span<UInt8>) -> Int? {
    var index = start
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\n") || bytes[index] == UInt8(ascii: "\r") { return index }
      index += 1
    }
    return nil
  }

  /// Where the line after the one that ends at `end` begins: "\r\n" is one end.
  static func next(after end: Int, _ bytes: Span<UInt8>) -> Int {
    let isPair =
      bytes[end] == UInt8(ascii: "\r") && end + 1 < bytes.count
      && bytes[end + 1] == UInt8(ascii: "\n")
    return isPair ? end + 2 : end + 1
  }

  /// The first two fields of a line, which runs of white space separate, and how many there are:
  /// 3 stands for more. Fields that are not there are empty.
  static func fields(
    of line: Range<Int>, _ bytes: Span<UInt8>
  ) -> (count: Int, first: Range<Int>, second: Range<Int>) {
    var fields = (count: 0, first: 0..<0, second: 0..<0)
    var index = line.lowerBound
    while index < line.upperBound, fields.count < 3 {
      let space = spaceSize(at: index, bytes)
      if space > 0 {
        index += space
        continue
      }
      let start = index
      while index < line.upperBound, spaceSize(at: index, bytes) == 0 { index += 1 }
      if fields.count == 0 { fields.first = start..<index }
      if fields.count == 1 { fields.second = start..<index }
      fields.count += 1
    }
    return fields
  }

  /// Whether U+2028, a line separator that ends no line, is among the bytes.
  static func hasSeparator(_ line: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
    line.dropLast(2).contains {
      bytes[$0] == 0xE2 && bytes[$0 + 1] == 0x80 && bytes[$0 + 2] == 0xA8
    }
  }

  /// How many bytes the white space at `index` has; 0 if there is none. Python's `str.split()`.
  private static func spaceSize(at index: Int, _ bytes: Span<UInt8>) -> Int {
    let byte = bytes[index]
    if byte < 0x80 { return (0x09...0x0D).contains(byte) || (0x1C...0x20).contains(byte) ? 1 : 0 }
    // The bytes are valid UTF-8, so those that a first byte announces are there.
    switch byte {
    case 0xC2: return bytes[index + 1] == 0x85 || bytes[index + 1] == 0xA0 ? 2 : 0
    case 0xE1: return bytes[index + 1] == 0x9A && bytes[index + 2] == 0x80 ? 3 : 0
    case 0xE2:
      let (second, third) = (bytes[index + 1], bytes[index + 2])
      if second == 0x80 {
        return (0x80...0x8A).contains(third) || [0xA8, 0xA9, 0xAF].contains(third) ? 3 : 0
      }
      return second == 0x81 && third == 0x9F ? 3 : 0
    case 0xE3: return bytes[index + 1] == 0x80 && bytes[index + 2] == 0x80 ? 3 : 0
    default: return 0
    }
  }
}

enum UTF8Check {
  /// The offset of the first byte that is not UTF-8.
  static func firstInvalidByte(_ bytes: Span<UInt8>) -> Int? {
    do {
      _ = try UTF8Span(validating: bytes)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }

  /// The number of the line that byte `offset` is in, from 1.
  static func line(at offset: Int, _ bytes: Span<UInt8>) -> Int {
    var line = 1
    for index in 0..<offset where bytes[index] == UInt8(ascii: "\n") { line += 1 }
    return line
  }
}
