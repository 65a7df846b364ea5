public import ThimbleJSON

// The shapes of answers as JSON, the same for command and server (Formats/http.md).

extension Filling {
  /// The shape of Hugging Face's pipeline.
  public var json: JSONValue {
    var members: JSONObject = [
      "score": .number(probability), "token": JSONValue(id), "token_str": .string(text),
      "sequence": .string(sequence),
    ]
    if let target { members.set("target", to: .string(target)) }
    return .object(members)
  }
}

extension [ClassScore] {
  /// The shape of TEI and of Hugging Face's pipeline.
  public var json: JSONValue {
    .array(map { ["label": .string($0.label), "score": .number($0.score)] })
  }
}

extension TextScore {
  /// The score of a text, and of its tokens.
  public var json: JSONValue {
    ["score": .number(score), "tokens": .array(tokens.map(\.json))]
  }
}

extension TextScore.Token {
  fileprivate var json: JSONValue {
    [
      "id": JSONValue(id), "text": .string(text),
      "start": scalars.map { JSONValue($0.lowerBound) } ?? nil,
      "stop": scalars.map { JSONValue($0.upperBound) } ?? nil, "score": .number(score),
    ]
  }
}
