internal import ThimbleJSON

/// The members of a JSON object of a request, read by name. Whatever is not as documented is refused.
struct Fields {
  private let object: JSONObject

  /// - Parameter names: the members that the object may have.
  init(_ value: JSONValue, _ names: [String]) throws(APIError) {
    guard let object = value.object else { throw .malformed("A JSON object is needed.") }
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
  func ignore(_ name: String, unless accepted: (JSONValue) -> Bool) throws(APIError) {
    guard let value = value(name) else { return }
    guard accepted(value) else { throw .invalid("\"\(name)\": this model cannot do \(value).") }
  }

  /// One text or several, or with `ids` lists of token ids.
  func inputs(_ name: String, limit: Int, ids takesIDs: Bool = false) throws(APIError) -> Inputs {
    let shape =
      takesIDs ? "text, a list of texts, or lists of token ids" : "text or a list of texts"
    guard let value = value(name) else { throw .malformed("\"\(name)\" is missing: \(shape).") }
    let inputs: Inputs
    switch value {
    case .string(let text): return Inputs(items: [.text(text)], isList: false)
    case .array(let values) where takesIDs && values.first?.int != nil:
      inputs = Inputs(items: [.ids(values.compactMap(\.int))], isList: false)
      guard inputs.items == [.ids(values.map { $0.int ?? -1 })] else {
        throw .malformed("\"\(name)\" must be \(shape).")
      }
    case .array(let values):
      guard !values.isEmpty else { throw .invalid("\"\(name)\" is empty.", kind: .empty) }
      guard values.count <= limit else {
        throw .invalid(
          "\"\(name)\" has \(values.count) members; at most \(limit) are taken at once.")
      }
      let items = values.compactMap { Inputs.Item($0, ids: takesIDs) }
      guard items.count == values.count else { throw .malformed("\"\(name)\" must be \(shape).") }
      inputs = Inputs(items: items, isList: true)
    default: throw .malformed("\"\(name)\" must be \(shape).")
    }
    return inputs
  }
}

/// What a request brings for the model.
struct Inputs: Sendable {
  enum Item: Sendable, Equatable {
    case text(String)
    case ids([Int])

    init?(_ value: JSONValue, ids: Bool) {
      switch value {
      case .string(let text): self = .text(text)
      case .array(let values) where ids:
        let found = values.compactMap(\.int)
        guard !found.isEmpty, found.count == values.count else { return nil }
        self = .ids(found)
      default: return nil
      }
    }
  }

  let items: [Item]
  /// Whether the answer is to be a list too.
  let isList: Bool
}
