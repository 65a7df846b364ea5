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

extension [Entity] {
  /// The shape of Hugging Face's pipeline, whose places count Unicode scalars, and the places in bytes.
  public var json: JSONValue { .array(map(\.json)) }
}

extension Entity {
  fileprivate var json: JSONValue {
    var members: JSONObject = [
      index == nil ? "entity_group" : "entity": .string(label), "score": .number(score),
    ]
    if let index { members.set("index", to: JSONValue(index)) }
    members.set("word", to: .string(text))
    members.setPlaces(scalars, bytes)
    return .object(members)
  }
}

extension Answer {
  /// The shape of Hugging Face's pipeline, whose places count Unicode scalars, and the places in bytes.
  public var json: JSONValue {
    var members: JSONObject = ["score": .number(score)]
    members.setPlaces(scalars, bytes)
    members.set("answer", to: .string(text))
    return .object(members)
  }
}

extension Answers {
  public var json: JSONValue {
    ["answers": .array(answers.map(\.json)), "no_answer": .number(none)]
  }
}

extension JSONObject {
  fileprivate mutating func setPlaces(_ scalars: Range<Int>?, _ bytes: Range<Int>?) {
    for (name, place) in [
      ("start", scalars?.lowerBound), ("end", scalars?.upperBound),
      ("start_byte", bytes?.lowerBound), ("end_byte", bytes?.upperBound),
    ] {
      set(name, to: place.map { JSONValue($0) } ?? .null)
    }
  }
}

extension TextScore {
  /// The score of a text, and of its tokens; of a likelihood also the perplexities.
  public var json: JSONValue {
    var members: JSONObject = ["score": .number(score)]
    if method == .causal {
      members.set("perplexity", to: .number(perplexity))
      members.set("word_perplexity", to: wordPerplexity.map { .number($0) } ?? nil)
    }
    members.set("tokens", to: .array(tokens.map(\.json)))
    return .object(members)
  }
}

extension Completion {
  /// The text, what was added to it, and why it ends there.
  public var json: JSONValue {
    var members: JSONObject = [
      "text": .string(text), "completion": .string(added),
      "finish_reason": .string(ending.rawValue),
      "tokens": .array(tokens.map(\.json)),
    ]
    if let seed { members.set("seed", to: .unsigned(seed)) }
    return .object(members)
  }
}

extension Completion.Token {
  fileprivate var json: JSONValue {
    ["id": JSONValue(id), "text": .string(text), "score": .number(score)]
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
