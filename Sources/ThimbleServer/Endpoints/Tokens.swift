internal import HummingbirdCore
internal import Thimble
internal import ThimbleJSON
internal import ThimbleText

extension HTTPInterface {
  /// TEI's `/tokenize` (Formats/http.md §8).
  func tokenize(_ body: JSONValue) throws -> Response {
    let fields = try Fields(body, ["inputs", "add_special_tokens", "prompt_name"])
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    let addsEnds = try fields.bool("add_special_tokens") ?? true
    try fields.ignore("prompt_name") { _ in false }
    let text = engine.served.text
    var tokenizer = text.makeTokenizer()
    var encoding = options.text.convention.encoding(maskSpellings: FillMaskQuery.maskSpellings)
    if !addsEnds { encoding.ends = .none }
    var tokens: [Token] = []
    var answers: [JSONValue] = []
    for case .text(let string) in inputs.items {
      try text.encode(
        string.utf8.span, encoding, truncates: false, with: &tokenizer, into: &tokens)
      let pieces = TextPieces(string)
      answers.append(
        .array(tokens.map { .object(pieces.json($0, special: Self.special($0, text))) }))
    }
    return Response(json: JSONValue.array(answers).text())
  }

  /// The name of a special token, which stands for no words; nil for others.
  private static func special(_ token: Token, _ text: ModelText) -> String? {
    guard let tables = text.tables, tables.specialTokens.contains(token.id) else { return nil }
    // <unk> stands for what the vocabulary lacks.
    guard token.id != tables.specialTokens.unknown else { return nil }
    return text.text(of: token.id)
  }

  /// TEI's `/decode`.
  func decode(_ body: JSONValue) throws -> Response {
    let fields = try Fields(body, ["ids", "skip_special_tokens"])
    let inputs = try fields.inputs("ids", limit: options.maximumInputs, ids: true)
    let skips = try fields.bool("skip_special_tokens") ?? true
    let text = engine.served.text
    guard let tables = text.tables else { throw ThimbleError.noTokenizer(path: text.path) }
    var answers: [JSONValue] = []
    for item in inputs.items {
      guard case .ids(let ids) = item else {
        throw APIError.malformed("\"ids\" must be lists of token ids.")
      }
      try text.check(ids)
      answers.append(.string(tables.decode(ids, skipSpecial: skips)))
    }
    return Response(json: JSONValue.array(answers).text())
  }
}

/// A text that is asked for its parts by their bytes.
struct TextPieces: Sendable {
  private let bytes: [UInt8]
  /// For each byte, how many Unicode scalars begin before it.
  private let scalars: [Int32]

  init(_ text: String) {
    bytes = Array(text.utf8)
    var count: Int32 = 0
    scalars =
      bytes.map { byte in
        defer { if byte & 0xC0 != 0x80 { count += 1 } }
        return count
      } + [Int32(text.unicodeScalars.count)]
  }

  /// A token as TEI shows it.
  ///
  /// - Parameter special: its name, if it stands for no words.
  func json(_ token: Token, special: String?) -> JSONObject {
    let range = token.range
    let text = special ?? String(decoding: bytes[range], as: UTF8.self)
    var object: JSONObject = [
      "id": JSONValue(token.id), "text": .string(text), "special": .bool(special != nil),
    ]
    object.set("start", to: token.isAdded ? .null : JSONValue(scalars[range.lowerBound]))
    object.set("stop", to: token.isAdded ? .null : JSONValue(scalars[range.upperBound]))
    return object
  }
}
