internal import ThimbleJSON

/// Reads the fields of a configuration, as leniently as Python would: null is absent, "true" is true.
struct ConfigurationReader {
  let object: JSONObject

  typealias NumberedName = (name: String, id: Int)

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

  /// Reads an object from name to id, in the order of the ids; nil if it is absent.
  func names(withIDs field: String) throws(ArchitectureError) -> [NumberedName]? {
    guard let members = try members(field) else { return nil }
    var names: [NumberedName] = []
    for (name, value) in members {
      guard let id = value.int, id >= 0 else {
        throw self.field("\(field).\(name)", value, wanted: "an id, from 0")
      }
      names.append((name, id))
    }
    return try sorted(names, field)
  }

  /// Reads an object from id (as a string) to name, in the order of the ids; nil if it is absent.
  func names(underIDs field: String) throws(ArchitectureError) -> [NumberedName]? {
    guard let members = try members(field) else { return nil }
    var names: [NumberedName] = []
    for (key, value) in members {
      guard let id = Int(key), id >= 0, let name = value.string else {
        throw self.field("\(field).\(key)", value, wanted: "a name under an id, from 0")
      }
      names.append((name, id))
    }
    return try sorted(names, field)
  }

  private func members(_ field: String) throws(ArchitectureError) -> JSONObject? {
    guard let (field, value) = value([field]) else { return nil }
    guard let object = value.object else { throw self.field(field, value, wanted: "an object") }
    return object
  }

  private func sorted(
    _ names: [NumberedName], _ field: String
  ) throws(ArchitectureError) -> [NumberedName] {
    let names = names.sorted { $0.id < $1.id }
    for (a, b) in zip(names, names.dropFirst()) where a.id == b.id {
      throw .field(
        "\(field).\(b.name)", found: "\(b.id)", wanted: "an id other than that of \(a.name)")
    }
    return names
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
