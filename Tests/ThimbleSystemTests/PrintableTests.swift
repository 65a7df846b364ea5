import Testing
import ThimbleSystem

@Suite("Foreign text made fit to print")
struct PrintableTests {
  @Test(
    "spells out what would steer a terminal or hide, and nothing else",
    arguments: [
      ("a\u{1B}[31mb", "a\\u{1B}[31mb"), ("one\ntwo\r\t", "one\\ntwo\\r\\t"),
      ("\u{0}\u{7F}\u{9B}", "\\u{0}\\u{7F}\\u{9B}"),
      ("\u{202E}evil\u{2066}", "\\u{202E}evil\\u{2066}"),
      ("a\u{2028}b\u{FEFF}\u{AD}\u{200B}", "a\\u{2028}b\\u{FEFF}\\u{AD}\\u{200B}"),
      ("\u{E0041}", "\\u{E0041}"),
      ("l'été — 北京 مرحبا \u{5D0} e\u{301}", "l'été — 北京 مرحبا \u{5D0} e\u{301}"),
      ("می\u{200C}خواهم 👩\u{200D}🚀", "می\u{200C}خواهم 👩\u{200D}🚀"), ("C:\\n", "C:\\n"), ("", ""),
    ])
  func controls(text: String, printed: String) {
    #expect(Array(text.printable().unicodeScalars) == Array(printed.unicodeScalars))
    #expect(Array(String(printable: text.utf8.span).utf8) == Array(printed.utf8))
  }

  @Test("keeps line feeds of a message on request, and no other control")
  func lines() {
    #expect("a\nb\u{1B}\r\n".printable(keepsLines: true) == "a\nb\\u{1B}\\r\n")
  }

  @Test("cuts what is long, and says how much is missing")
  func length() {
    let long = String(repeating: "é", count: 1_000_000)
    #expect(long.printable(limit: 3) == "ééé… (999997 more)")
    #expect(long.printable().unicodeScalars.count < 200)
    #expect("abc".printable(limit: 3) == "abc")
    #expect(String(printable: long.utf8.span, limit: 2) == "éé… (999998 more)")
  }

  @Test("shows bytes that are not UTF-8 one by one, and goes on behind them")
  func invalid() {
    let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0xC3, 0xE5, 0x8C, 0x97, 0xED, 0xA0, 0x80, 0x07]
    #expect(
      String(printable: bytes.span) == "a\\xFFb\\xC3北\\xED\\xA0\\x80\\u{7}")
  }

  @Test("names the first members of a long list and counts the others")
  func lists() {
    let names = (1...1000).map { "t\($0)" }
    #expect(names.printable(count: 2) == "t1, t2 and 998 more")
    #expect(["a\n", "b"].printable() == "a\\n, b")
    #expect([String(repeating: "x", count: 90)].printable(limit: 1) == "x… (89 more)")
    #expect([String]().printable() == "")
  }
}
