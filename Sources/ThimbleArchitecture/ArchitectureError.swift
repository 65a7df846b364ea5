internal import ThimbleJSON
internal import ThimbleSystem

/// Why a configuration does not describe a model that Thimble can run.
public enum ArchitectureError: Error, Equatable, CustomStringConvertible {
  /// The configuration is not a JSON object.
  case notAnObject
  /// `field` holds `found` where only `wanted` makes sense.
  case field(String, found: String, wanted: String)
  /// The configuration asks for something that Thimble does not have.
  case unsupported(field: String, found: String, reason: String)

  public var description: String {
    switch self {
    case .notAnObject:
      "The configuration is not a JSON object."
    case .field(let field, let found, let wanted):
      "\"\(field.printable())\" is \(found.printable()); it must be \(wanted.printable())."
    case .unsupported(let field, let found, let reason):
      "\"\(field.printable())\" is \(found.printable()): \(reason.printable(limit: 400))"
    }
  }
}
