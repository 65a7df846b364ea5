// libFuzzer's entry for the tokenizer. The first byte says what the others are: a text for sound
// tables, or damage to the tables that split a fixed text.
import ThimbleSystem
import ThimbleText

private let tables: [[UInt8]] = (0..<4).map { index in
  do {
    return try TokenizerTables.build(
      from: VocabularyFiles("Tests/ThimbleTextTests/Fixtures"),
      kind: index < 2 ? .xlm : .flaubert, lowercases: index % 2 == 1,
      languages: ["en", "zh", "th"], dictionaries: SmallDictionaries.parsed())
  } catch { fatalError("run this from the top of the repository: \(error)") }
}
private let sound = tables.map { try? TokenizerTables(view: ByteView($0)) }
private let languages = ["en", "fr", "de", "ro", "ko", "zh", "th", nil]
private let modes = EncodingOptions.Mode.allCases

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokenizer(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let first = input.first else { return 0 }
  let choice = Int(first >> 1)
  let options = EncodingOptions(
    mode: modes[choice / 32 % modes.count], language: languages[choice % 8],
    maskSpellings: ["<mask>"])
  if first & 1 == 0 {
    check(Array(input.dropFirst()), sound[choice / 8 % 4], options)
  } else {
    harm(Array(input.dropFirst()), tables[choice / 8 % 4], options)
  }
  return 0
}

/// The ranges of tokens are in order and in the text, and only text that is no UTF-8 is refused.
private func check(_ text: [UInt8], _ tables: TokenizerTables?, _ options: EncodingOptions) {
  guard let tables else { fatalError("the tables are not sound") }
  var tokenizer = Tokenizer(tables: tables)
  guard let tokens = try? tokenizer.encode(text.span, options) else {
    precondition(String(validating: text, as: UTF8.self) == nil)
    return
  }
  precondition(String(validating: text, as: UTF8.self) != nil)
  var last = 0..<0
  for token in tokens {
    let range = token.range
    precondition(range.lowerBound >= last.lowerBound && range.upperBound >= last.upperBound)
    precondition(range.upperBound <= text.count && (token.isAdded || !range.isEmpty))
    precondition(tables.token(token.id) != nil)
    last = range
  }
  _ = tables.decode(tokens.map(\.id), skipSpecial: false)
}

/// Changes a byte of the tables for every four of `damage`: three say where, the last one how.
private func harm(_ damage: [UInt8], _ bytes: [UInt8], _ options: EncodingOptions) {
  var bytes = bytes
  for patch in stride(from: 0, to: damage.count - 3, by: 4) {
    let place = Int(damage[patch]) | Int(damage[patch + 1]) << 8 | Int(damage[patch + 2]) << 16
    bytes[place % bytes.count] ^= damage[patch + 3]
  }
  guard let view = try? ByteView(bytes), let tables = try? TokenizerTables(view: view) else {
    return
  }
  var tokenizer = Tokenizer(tables: tables)
  let text =
    "Hello <mask>, the world's tests… 5\u{A0}000 é 我是北京大学生，去李明。Wi-Fi สวัสดีชาวโลกตากลม ฮฺบร ааа"
  if let tokens = try? tokenizer.encode(text, options) {
    _ = tables.decode(tokens.map(\.id), skipSpecial: true)
  }
  _ = (tables.languages, tables.specialTokens)
  try? tables.validate()
}
