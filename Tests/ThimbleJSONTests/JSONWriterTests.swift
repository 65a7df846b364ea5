import Testing
import ThimbleJSON

struct JSONWriterTests {
  @Test("compact text has no whitespace and keeps the order of the keys")
  func compact() {
    let value: JSONValue = ["b": 1, "a": [true, nil, 0.1, "x"], "c": [:], "d": []]
    #expect(value.text() == #"{"b":1,"a":[true,null,0.1,"x"],"c":{},"d":[]}"#)
  }

  @Test("pretty text indents by two, and keeps plain lists on one line")
  func pretty() {
    let value: JSONValue = ["a": [1, 2], "b": [["c": 1]], "d": [:], "e": []]
    let text = """
      {
        "a": [1, 2],
        "b": [
          {
            "c": 1
          }
        ],
        "d": {},
        "e": []
      }
      """
    #expect(value.text(.pretty) == text)
  }

  @Test("quotes, backslashes and control characters are escaped, nothing else")
  func escaping() {
    let value = JSONValue.string("\"\\\n\r\t\0\u{1F}\u{7F}\u{9B}/é😀")
    #expect(value.text() == #""\"\\\n\r\t\u0000\u001f\u007f\u009b/é😀""#)
  }

  @Test(
    "doubles have the fewest digits that read back the same",
    arguments: [
      0.1, -0.0, 1e-12, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16, 123456.789, 2.0 / 3,
      1e22, 1e23,
    ])
  func doubles(value: Double) throws {
    let text = JSONValue.number(value).text()
    #expect(try JSONValue(parsing: text) == .number(value))
    #expect(text.count <= 24)
  }

  @Test("a float is written with the digits of a float")
  func floats() {
    #expect(JSONValue(Float(0.1)).text() == "0.1")
    #expect(JSONValue(Double.nan).text() == "null")
    #expect(JSONValue(Double.infinity).text() == "null")
  }

  @Test("what is written is read back the same")
  func roundTrip() throws {
    let value: JSONValue = [
      "integers": [0, -1, .integer(.min), .integer(.max), .unsigned(.max)],
      "texts": ["", "\u{E9}", "e\u{301}", "\u{2028}", "😀", "\u{10FFFF}"],
      "": ["deep": ["deeper": [[[]]]]],
    ]
    #expect(try JSONValue(parsing: value.text()) == value)
    #expect(try JSONValue(parsing: value.text(.pretty)) == value)
  }

  @Test("setting a key again replaces its value in place", arguments: [2, 40])
  func setting(count: Int) {
    var object = JSONObject()
    for key in 0..<count { object.set("\(key)", to: JSONValue(key)) }
    object.set("1", to: "one")
    #expect(object.count == count)
    #expect(object[1].key == "1")
    #expect(object["1"] == "one")
  }
}
