import Testing
import ThimbleServer

@Suite("An API key")
struct APIKeyTests {
  @Test(
    "that no header can carry, or that everybody has, is none",
    arguments: [
      ("", .empty), ("\n", .empty), ("\r\n", .empty), ("\nkey", .empty),
      (" key", .character(position: 1, isSpace: true)),
      ("key ", .character(position: 4, isSpace: true)),
      ("a b", .character(position: 2, isSpace: true)),
      ("a\tb", .character(position: 2, isSpace: false)),
      ("a\0b", .character(position: 2, isSpace: false)),
      ("\u{FEFF}key", .character(position: 1, isSpace: false)),
      ("schlüssel", .character(position: 5, isSpace: false)),
      (String(repeating: "k", count: 1025), .tooLong),
      (String(repeating: "k", count: 5000), .tooLong),
    ] as [(String, APIKeyError)])
  func refused(text: String, error: APIKeyError) {
    #expect(throws: error) { try APIKey(text) }
  }

  @Test("is the first line, whatever ends it", arguments: ["key", "key\n", "key\r\n", "key\nrest"])
  func accepted(text: String) throws {
    let key = try APIKey(text)
    #expect(key.admits("Bearer key"))
    for wrong in [nil, "", "key", "Bearer ", "Bearer key ", "Bearer kex", "Bearer keykey"] {
      #expect(!key.admits(wrong))
    }
    let longest = String(repeating: "k", count: APIKey.longest)
    #expect(try APIKey(longest).admits("Bearer \(longest)"))
  }
}
