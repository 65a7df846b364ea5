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
    let prompt = try namedPrompt(fields) ?? ""
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
            (prompt + item.text).utf8.span, encoding, truncates: false, into: &tokens)
        }
        let pieces = TextPieces(prompt + inputs.items[index].text)
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

extension TextPieces {
  /// A token as TEI shows it.
  ///
  /// - Parameter special: its name, if it stands for no words.
  fileprivate func json(_ token: Token, special: String?) -> JSONObject {
    let scalars = token.isAdded ? nil : scalars(token.range)
    return [
      "id": JSONValue(token.id), "text": .string(special ?? part(token.range)),
      "special": .bool(special != nil), "start": scalars.map { JSONValue($0.lowerBound) } ?? nil,
      "stop": scalars.map { JSONValue($0.upperBound) } ?? nil,
    ]
  }
}
