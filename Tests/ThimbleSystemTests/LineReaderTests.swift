import Testing
import ThimbleSystem
import ThimbleTestSupport

// Standard input belongs to the whole process, so each test reads it in a process of its own.
@Suite("Lines of standard input")
struct LineReaderTests {
  /// The lines of `input`, of which each may have `longest` bytes.
  static func lines(_ input: [UInt8], longest: Int = 1 << 20) throws -> [LineReader.Line] {
    let folder = TemporaryFolder()
    let path = try folder.write(input, to: "input")
    try withExtendedLifetime(folder) { try replaceStandardInput(by: path) }
    var reader = LineReader(longestLine: longest)
    var lines: [LineReader.Line] = []
    while let line = try reader.next() { lines.append(line) }
    #expect(reader.lineNumber == lines.count)
    #expect(try reader.next() == nil, "something comes behind the end")
    return lines
  }

  static func text(_ texts: String...) -> [LineReader.Line] { texts.map { .bytes(Array($0.utf8)) } }

  @Test("end at LF or CRLF, the last one with the input")
  func ends() async {
    await #expect(processExitsWith: .success) {
      func check(_ input: String, _ wanted: [LineReader.Line]) throws {
        #expect(try Self.lines(Array(input.utf8)) == wanted, "\(input.debugDescription)")
      }
      try check("", [])
      try check("a", Self.text("a"))
      try check("a\n", Self.text("a"))
      try check("\n\n", Self.text("", ""))
      try check("a\r\n\r\nb\rc\r\n", Self.text("a", "", "b\rc"))
      try check("a\n\nb", Self.text("a", "", "b"))
      try check("\u{FEFF}a\n\u{FEFF}b", Self.text("a", "\u{FEFF}b"))
      try check("a\u{0}b\n", Self.text("a\u{0}b"))
    }
  }

  @Test("are read over if they are too long, and have their number all the same")
  func tooLong() async {
    await #expect(processExitsWith: .success) {
      let long = String(repeating: "x", count: 11)
      let input =
        "\(long.dropLast())\n\(long)\n\(long)\(long)\(long)\nb\n\(long.dropLast())\r\n\(long)"
      let found = try Self.lines(Array(input.utf8), longest: 10)
      let ten = Self.text("xxxxxxxxxx")
      #expect(found == ten + [.tooLong, .tooLong] + Self.text("b") + ten + [.tooLong])
    }
  }

  @Test("are there at once in a file, and at its end")
  func ready() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      let path = try folder.write(Array("a\n\nb".utf8), to: "input")
      try withExtendedLifetime(folder) { try replaceStandardInput(by: path) }
      var reader = LineReader()
      for line in LineReaderTests.text("a", "", "b") {
        #expect(try reader.isReady() && reader.isReady())
        #expect(try reader.next() == line)
      }
      #expect(try reader.isReady() && reader.next() == nil && reader.isReady())
    }
  }

  @Test("may be longer than what is read at a time, and end where it ends")
  func manyReads() async {
    await #expect(processExitsWith: .success) {
      for count in [65_535, 65_536, 65_537, 200_000] {
        let line = (0..<count).map { UInt8(0x61 + $0 % 26) }
        let found = try Self.lines(line + [0x0D, 0x0A] + line + [0x0A, 0x62])
        #expect(found == [.bytes(line), .bytes(line), .bytes([0x62])], "\(count)")
      }
    }
  }
}
