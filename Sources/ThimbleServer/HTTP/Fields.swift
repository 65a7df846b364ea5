internal import Thimble
internal import ThimbleJSON

/// The members of a JSON object of a request, read by name. Whatever is not as documented is refused.
struct Fields {
  private let object: JSONObject

  /// - Parameter names: the members that the object may have.
  init(_ value: JSONValue, _ names: [String]) throws(APIError) {
    guard let object = value.object else { throw .malformed("Expected a JSON object.") }
    for (name, _) in object where !names.contains(name) {
      throw .malformed(
        "There is no member \(JSONValue.string(name)). Known: \(names.joined(separator: ", ")).")
    }
    self.object = object
  }

  /// The member, unless it is absent or null.
  func value(_ name: String) -> JSONValue? {
    guard let value = object[name], !value.isNull else { return nil }
    return value
  }

  private func value<Value>(
    _ name: String, _ what: String, _ convert: (JSONValue) -> Value?
  ) throws(APIError) -> Value? {
    guard let value = value(name) else { return nil }
    guard let converted = convert(value) else { throw .malformed("\"\(name)\" must be \(what).") }
    return converted
  }

  func bool(_ name: String) throws(APIError) -> Bool? { try value(name, "true or false", \.bool) }

  func string(_ name: String) throws(APIError) -> String? { try value(name, "a string", \.string) }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    try value(name, "an integer from \(range.lowerBound) to \(range.upperBound)") { value in
      value.int.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// The members of a nested object; of an empty one if it is absent.
  func object(_ name: String, _ names: [String]) throws(APIError) -> Fields {
    try Fields(value(name) ?? [:], names)
  }

  func strings(_ name: String) throws(APIError) -> [String]? {
    try value(name, "a list of strings") { value in
      guard let array = value.array else { return nil }
      let strings = array.compactMap(\.string)
      return strings.count == array.count ? strings : nil
    }
  }

  /// Refuses a member that is there but has another value than `accepted`, since it would have no effect.
  ///
  /// - Parameter reason: why, in words that follow a colon.
  func refuse(
    _ name: String, _ reason: String, unless accepted: (JSONValue) -> Bool = { _ in false }
  ) throws(APIError) {
    guard let value = value(name), !accepted(value) else { return }
    throw .invalid("\"\(name)\": \(reason).")
  }

  /// The code of a language. Models without names for their languages number them.
  func languageCode(_ name: String) throws(APIError) -> String? {
    try value(name, "the code of a language") { $0.string ?? $0.int.map(String.init) }
  }

  /// Those of Hugging Face's `options` that say how its own servers are used, and change no answer.
  func checkOptions() throws(APIError) {
    let options = try object("options", ["use_cache", "wait_for_model"])
    _ = (try options.bool("use_cache"), try options.bool("wait_for_model"))
  }

  /// One text or several, or with `ids` lists of token ids.
  func inputs(_ name: String, limit: Int, ids takesIDs: Bool = false) throws(APIError) -> Inputs {
    let one = takesIDs ? "a text or a list of token ids" : "a text"
    guard let value = value(name) else { throw .malformed("\"\(name)\" is missing: \(one).") }
    guard let values = value.array, !takesIDs || values.first?.int == nil else {
      guard let item = Inputs.Item(value, ids: takesIDs) else {
        throw .malformed("\"\(name)\" must be \(one), or several in a list.")
      }
      return Inputs(items: [item], isList: false)
    }
    try checkCount(values.count, of: name, limit: limit)
    var items: [Inputs.Item] = []
    for (index, value) in values.enumerated() {
      guard let item = Inputs.Item(value, ids: takesIDs) else {
        throw .malformed("\"\(name)\"[\(index)] must be \(one).")
      }
      items.append(item)
    }
    return Inputs(items: items, isList: true)
  }

  private func checkCount(_ count: Int, of name: String, limit: Int) throws(APIError) {
    guard count > 0 else { throw .invalid("\"\(name)\" is empty.", kind: .empty) }
    guard count <= limit else {
      throw .invalid("\"\(name)\" has \(count) members; at most \(limit) are accepted at once.")
    }
  }
}

extension Fields {
  /// As TEI takes them: a text; a list of one text or, as a pair, of two; or a list of such lists.
  func textsOrPairs(_ name: String, limit: Int) throws(APIError) -> Inputs {
    let shape = "text, a pair of texts, or a list of lists of one text or two"
    guard let value = value(name) else { throw .malformed("\"\(name)\" is missing: \(shape).") }
    if let text = value.string { return Inputs(items: [.text(text)], isList: false) }
    let isList = value.array?.first?.array != nil
    let lists = isList ? value.array ?? [] : [value]
    try checkCount(lists.count, of: name, limit: limit)
    var items: [Inputs.Item] = []
    for (index, list) in lists.enumerated() {
      let texts = list.array?.compactMap(\.string) ?? []
      guard texts.count == list.array?.count, 1...2 ~= texts.count else {
        throw .malformed(
          isList
            ? "\"\(name)\"[\(index)] must be a list of one text or two."
            : "\"\(name)\" must be \(shape).")
      }
      items.append(texts.count == 1 ? .text(texts[0]) : .pair(texts[0], texts[1]))
    }
    return Inputs(items: items, isList: isList)
  }
}

/// What a request brings for the model.
struct Inputs: Sendable {
  enum Item: Sendable, Equatable {
    case text(String)
    /// Two texts that belong together.
    case pair(String, String)
    case ids([Int])

    /// A text; empty for ids, and without the second of a pair.
    var text: String {
      switch self {
      case .text(let text), .pair(let text, _): text
      case .ids: ""
      }
    }

    init?(_ value: JSONValue, ids: Bool) {
      switch value {
      case .string(let text): self = .text(text)
      case .array(let values) where ids:
        guard !values.isEmpty, let found = try? TokenIDs(value) else { return nil }
        self = .ids(found.ids)
      default: return nil
      }
    }
  }

  let items: [Item]
  /// Whether there is no text among them.
  var areIDs: Bool { items.allSatisfy { if case .ids = $0 { true } else { false } } }
  /// Whether the answer is to be a list too.
  let isList: Bool
}
