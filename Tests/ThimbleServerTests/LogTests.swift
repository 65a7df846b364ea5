import Logging
import Synchronization
import Testing
import ThimbleJSON
import ThimbleServer
import ThimbleSystem

@Suite("The log")
struct LogTests {
  private func lines(_ format: LogFormat, _ body: (Logger) -> Void) -> [String] {
    let written = Mutex<[String]>([])
    body(
      Logger(label: "thimble") { label in
        LineLogHandler(label: label, level: .notice, format: format) { line in
          written.withLock { $0.append(line) }
        }
      })
    return written.withLock(\.self)
  }

  static let oddities = [
    "", "plain", "two words", "a\nb\r\n\u{2028}c", "\u{1B}[31m\u{7}", "\"quoted\\\"", "\0", "Где 😀",
    "\u{202E}abc",
  ]

  @Test("in JSON has one object a line, whatever text is in it", arguments: oddities)
  func json(text: String) throws {
    let lines = lines(.json) {
      $0.info("not shown")
      $0.error("\(text)", metadata: ["file": "\(text)", "level": "5"])
    }
    let line = try #require(lines.first)
    #expect(lines.count == 1 && line.hasSuffix("\n") && line.split(separator: "\n").count == 1)
    let value = try JSONValue(parsing: line)
    #expect(value["message"]?.string == text && value["file"]?.string == text)
    #expect(value["level"] == "error" && value["_level"] == "5" && value["label"] == "thimble")
    #expect(value["time"]?.string?.count == 24)
  }

  @Test("for people has one line an event, which steers no terminal", arguments: oddities)
  func text(text: String) throws {
    let lines = lines(.text) { $0.notice("\(text)", metadata: ["file": "\(text)"]) }
    let line = try #require(lines.first)
    #expect(lines.count == 1 && line.hasSuffix("\n") && !line.dropLast().contains { $0.isNewline })
    #expect(!line.unicodeScalars.dropLast().contains { $0.value < 32 || $0.value == 0x202E })
    #expect(line.contains("Z notice thimble: ") && line.contains(" file="))
  }

  @Test("tells the time in UTC")
  func time() {
    for (seconds, text) in [
      (0, "1970-01-01T00:00:00.007Z"), (951_782_399, "2000-02-28T23:59:59.007Z"),
      (951_782_400, "2000-02-29T00:00:00.007Z"), (1_767_225_599, "2025-12-31T23:59:59.007Z"),
      (4_107_542_400, "2100-03-01T00:00:00.007Z"),
    ] { #expect(timestamp(seconds: seconds, milliseconds: 7) == text) }
  }
}
