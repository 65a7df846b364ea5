import Testing
import ThimbleJSON

struct JSONParserTests {
  @Test("values of every kind are read")
  func kinds() throws {
    let value = try JSONValue(parsing: #" {"a": [null, true, false, -1, 1.5, "x"], "b": {}} "#)
    #expect(value == ["a": [nil, true, false, -1, 1.5, "x"], "b": [:]])
    #expect(value["a"]?.array?.count == 6)
    #expect(value["c"] == nil)
  }

  @Test(
    "integers stay exact where they fit 64 bits, and become doubles beyond",
    arguments: [
      ("0", JSONValue.integer(0)), ("-0", .integer(0)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .unsigned(9_223_372_036_854_775_808)),
      ("18446744073709551615", .unsigned(.max)),
      ("18446744073709551616", .number(18_446_744_073_709_551_616)),
      ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
      ("1.0", .number(1)), ("1e2", .number(100)), ("-2.5E-3", .number(-0.0025)),
      ("1e-400", .number(0)),
    ])
  func numbers(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test(
    "what is not JSON is refused at its byte",
    arguments: [
      ("", 0), ("  ", 2), ("nul", 3), ("tru e", 3), ("01", 1), ("-", 1), ("1.", 2), (".5", 0),
      ("1e", 2), ("+1", 0), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7),
      ("{a:1}", 1), ("\"a", 2), ("\"\\x\"", 2), ("\"\\u12G4\"", 5), ("1 2", 2), ("\"\u{1}\"", 1),
      ("NaN", 0), ("'a'", 0), ("[", 1), ("// c\n1", 0), ("\u{FEFF}1", 0), ("]", 0),
    ])
  func malformed(text: String, offset: Int) {
    #expect { try JSONValue(parsing: text) } throws: { error in
      guard case .unexpected(_, let found) = error as? JSONError else { return false }
      return found == offset
    }
  }

  @Test("escapes and surrogate pairs are unescaped")
  func escapes() throws {
    let value = try JSONValue(parsing: #""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude00é€😀""#)
    #expect(value == "\"\\/\u{8}\u{C}\n\r\t\0é€😀é€😀")
  }

  @Test(
    "half of a surrogate pair is refused",
    arguments: [#""\ud83d""#, #""\ude00""#, #""\ud83d\u0041""#, #""\ud83dx""#, #""\ud83d\n""#])
  func loneSurrogates(text: String) {
    #expect(throws: JSONError.loneSurrogate(offset: 1)) { try JSONValue(parsing: text) }
  }

  @Test("bytes that are not UTF-8 are refused, also surrogates written as bytes")
  func invalidUTF8() {
    for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC3]] {
      #expect(throws: JSONError.invalidUTF8(offset: 1)) { try JSONValue(parsing: bytes) }
    }
  }

  @Test(
    "a key that occurs twice is named, however many keys there are", arguments: [1, 16, 17, 50])
  func duplicateKeys(count: Int) {
    let members = (0..<count).map { "\"k\($0)\":0" }.joined(separator: ",")
    #expect {
      try JSONValue(parsing: "{\(members),\"\\u006b0\":1}")
    } throws: { error in
      guard case .duplicateKey("k0", _) = error as? JSONError else { return false }
      return true
    }
  }

  @Test("canonically equivalent keys are different keys")
  func equivalentKeys() throws {
    let value = try JSONValue(parsing: #"{"\u00e9": 1, "e\u0301": 2, "\u037e": 3, ";": 4}"#)
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(value["\u{37E}"] == 3)
    #expect(value[";"] == 4)
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
  }

  @Test("nesting is limited, and deep input does not overflow the stack")
  func depth() {
    let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
    #expect(throws: Never.self) { try JSONValue(parsing: text) }
    #expect(throws: JSONError.tooDeep(limit: 64, offset: 64)) {
      try JSONValue(parsing: String(repeating: "[", count: 1_000_000))
    }
    #expect(throws: JSONError.tooDeep(limit: 64, offset: 256)) {
      try JSONValue(parsing: String(repeating: "{\"\":", count: 1_000_000))
    }
  }

  @Test("the number of values is limited")
  func valueCount() {
    let bytes = Array("[1,2,3]".utf8)
    #expect(throws: JSONError.tooManyValues(limit: 3, offset: 5)) {
      try JSONValue(parsing: bytes.span, maximumValueCount: 3)
    }
  }

  @Test("numbers too large or too long for a double are refused")
  func largeNumbers() {
    #expect(throws: JSONError.numberTooLarge(offset: 0)) { try JSONValue(parsing: "1e400") }
    #expect(throws: JSONError.self) {
      try JSONValue(parsing: "0." + String(repeating: "1", count: 1 << 20))
    }
  }

  @Test("random bytes and damaged texts never trap")
  func damage() throws {
    let text = Array(#"{"a":[1,-2.5e3,"\ud83d\ude00é"],"b":{"c":null,"d":[true,false]}}"#.utf8)
    var random = SystemlessRandom(state: 7)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0...random.next(below: 3) {
        bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
      }
      bytes.removeLast(random.next(below: 4))
      if let value = try? JSONValue(parsing: bytes) {
        #expect(try JSONValue(parsing: value.text()) == value)
      }
    }
  }
}

/// A linear congruential generator (Knuth's MMIX): the same numbers in every run.
private struct SystemlessRandom {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
}
