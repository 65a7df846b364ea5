internal import HTTPTypes
internal import HummingbirdCore
internal import Thimble
internal import ThimbleJSON
internal import ThimbleText

extension Endpoint {
  static let tokenize = post("tokenize", "/tokenize") { interface, body, _ in
    try await interface.tokenize(body)
  }
  static let decode = post("decode", "/decode") { interface, body, _ in
    try await interface.decode(body)
  }
}

extension HTTPInterface {
  /// TEI's `/tokenize` (Formats/http.md §8).
  func tokenize(_ body: JSONValue) async throws -> Response {
    let fields = try Fields(body, ["inputs", "add_special_tokens", "prompt_name", "lang"])
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    let addsEnds = try fields.bool("add_special_tokens") ?? true
    let wish = try textOptions(fields)
    let text = engine.served.text
    var headers = HTTPFields()
    try Notes(wish, text).add(to: &headers)
    var encoding = wish.convention.encoding(
      language: wish.language, maskSpellings: FillMaskQuery.maskSpellings)
    if !addsEnds { encoding.ends = .none }
    return try await .answer(headers) { [encoding] answer in
      let texts = TextEncoder(text)
      var tokens: [Token] = []
      try await answer.write(listOf: inputs.items.indices) { answer, index in
        _ = try inputs.map(index..<index + 1) { item in
          try texts.encode(
            item.text.utf8.span, encoding, truncates: false, into: &tokens)
        }
        let pieces = TextPieces(inputs.items[index].text)
        try await answer.write(listOf: tokens) { answer, token in
          try await answer.write(
            .object(pieces.json(token, special: Self.special(token, text))))
        }
      }
    }
  }

  /// The name of a special token, which stands for no words; nil for others.
  private static func special(_ token: Token, _ text: ModelText) -> String? {
    guard let tables = text.tables, tables.specialTokens.contains(token.id) else { return nil }
    // <unk> stands for what the vocabulary lacks.
    guard token.id != tables.specialTokens.unknown else { return nil }
    return text.text(of: token.id)
  }

  /// TEI's `/decode`.
  func decode(_ body: JSONValue) async throws -> Response {
    let fields = try Fields(body, ["ids", "skip_special_tokens"])
    let inputs = try fields.inputs("ids", limit: options.maximumInputs, ids: true)
    let skips = try fields.bool("skip_special_tokens") ?? true
    let text = engine.served.text
    guard let tables = text.tables else { throw ThimbleError.noTokenizer(path: text.path) }
    return try await .answer { answer in
      try await answer.write(listOf: inputs.items.indices) { answer, index in
        let decoded = try inputs.map(index..<index + 1, of: "ids") { item in
          guard case .ids(let ids) = item else {
            throw APIError.malformed("Expected token ids.")
          }
          try text.check(ids)
          return tables.decode(ids, skipSpecial: skips)
        }
        try await answer.write(.string(decoded[0]))
      }
    }
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
    let (start, stop) = positions(of: token)
    return [
      "id": JSONValue(token.id), "text": .string(special ?? part(of: token)),
      "special": .bool(special != nil), "start": start, "stop": stop,
    ]
  }

  /// A token and its score.
  func json(_ token: Token, score: Double) -> JSONObject {
    let (start, stop) = positions(of: token)
    return [
      "id": JSONValue(token.id), "text": .string(part(of: token)), "start": start, "stop": stop,
      "score": .number(score),
    ]
  }

  private func part(of token: Token) -> String {
    String(decoding: bytes[token.range], as: UTF8.self)
  }

  private func positions(of token: Token) -> (start: JSONValue, stop: JSONValue) {
    guard !token.isAdded else { return (nil, nil) }
    return (JSONValue(scalars[token.range.lowerBound]), JSONValue(scalars[token.range.upperBound]))
  }
}
