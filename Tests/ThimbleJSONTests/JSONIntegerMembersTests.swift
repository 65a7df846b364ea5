import Testing
import ThimbleJSON

struct JSONIntegerMembersTests {
  private func members(_ text: String) throws -> [(String, Int64)] {
    let bytes = Array(text.utf8)
    var reader = try JSONIntegerMembers(bytes.span)
    var members: [(String, Int64)] = []
    while let value = try reader.next(bytes.span) {
      members.append((String(decoding: reader.key, as: UTF8.self), value))
    }
    return members
  }

  @Test("members come in order, with their keys unescaped")
  func order() throws {
    let found = try members(#" { "b":1 , "\u00e9\ud83d\ude00":-2,"":0 } "#)
    #expect(found.map(\.0) == ["b", "é😀", ""])
    #expect(found.map(\.1) == [1, -2, 0])
    #expect(try members("{}").isEmpty)
  }

  @Test(
    "anything but an object of 64-bit integers is refused",
    arguments: [
      "", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\":1.5}",
      "{\"a\":1e3}", "{\"a\":\"1\"}", "{\"a\":null}", "{\"a\":{}}", "{\"a\":-}", "{\"a\":01}",
      "{\"a\":18446744073709551615}", "{a:1}", "{\"a\":1} x", "{\"a\":1 \"b\":2}",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try members(text) }
  }
}
