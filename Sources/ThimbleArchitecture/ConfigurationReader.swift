internal import ThimbleJSON

/// Reads the fields of a configuration, as leniently as Python would: null is absent, "true" is true.
struct ConfigurationReader {
  let object: JSONObject

  /// The first of `names` that is there and not null.
  func value(_ names: [String]) -> (name: String, value: JSONValue)? {
    for name in names {
      if let value = object[name], !value.isNull { return (name, value) }
    }
    return nil
  }

  func integer(
    _ names: String..., default standard: Int, in range: ClosedRange<Int>
  ) throws(ArchitectureError) -> Int {
    guard let (name, value) = value(names) else { return standard }
    guard let integer = value.int, range.contains(integer) else {
      throw field(name, value, wanted: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  func flag(_ name: String, default standard: Bool) throws(ArchitectureError) -> Bool {
    guard let (name, value) = value([name]) else { return standard }
    switch value {
    case .bool(let flag): return flag
    case .integer(0), .string("false"), .string("False"): return false
    case .integer(1), .string("true"), .string("True"): return true
    default: throw field(name, value, wanted: "true or false")
    }
  }

  func text(_ name: String) throws(ArchitectureError) -> String? {
    guard let (name, value) = value([name]) else { return nil }
    guard let text = value.string else { throw field(name, value, wanted: "a string") }
    return text
  }

  /// The case of `Kind` that a string names.
  func choice<Kind: RawRepresentable<String>>(
    _ name: String, wanted: String
  ) throws(ArchitectureError) -> Kind? {
    guard let text = try text(name) else { return nil }
    guard let kind = Kind(rawValue: text) else { throw field(name, .string(text), wanted: wanted) }
    return kind
  }

  /// Names with ids: `names` maps name to id, `ids` maps id (as a string) to name. In order of ids.
  func numberedNames(
    names: String, ids: String
  ) throws(ArchitectureError) -> [(name: String, id: Int)] {
    var pairs: [(name: String, id: Int)] = []
    if let (field, value) = value([names]) {
      for (name, id) in try members(field, value) {
        guard let id = id.int, id >= 0 else {
          throw self.field("\(field).\(name)", id, wanted: "an id, from 0")
        }
        pairs.append((name, id))
      }
    } else if let (field, value) = value([ids]) {
      for (id, name) in try members(field, value) {
        guard let number = Int(id), number >= 0, let name = name.string else {
          throw self.field("\(field).\(id)", name, wanted: "a name under an id, from 0")
        }
        pairs.append((name, number))
      }
    }
    pairs.sort { $0.id < $1.id }
    for (a, b) in zip(pairs, pairs.dropFirst()) where a.id == b.id {
      throw .field(
        "\(names).\(b.name)", found: "\(b.id)", wanted: "an id of its own, not that of \(a.name)")
    }
    return pairs
  }

  private func members(_ field: String, _ value: JSONValue) throws(ArchitectureError) -> JSONObject {
    guard let object = value.object else { throw self.field(field, value, wanted: "an object") }
    return object
  }

  func field(_ name: String, _ value: JSONValue, wanted: String) -> ArchitectureError {
    .field(name, found: value.brief, wanted: wanted)
  }
}

extension JSONValue {
  /// The value as compact JSON, cut to what fits into a message.
  var brief: String {
    let text = text()
    return text.count <= 60 ? text : text.prefix(57) + "..."
  }
}
