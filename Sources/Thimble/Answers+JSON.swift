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
