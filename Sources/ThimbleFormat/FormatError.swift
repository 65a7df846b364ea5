public import ThimbleSystem

/// Why a .thimble file cannot be read, or written.
///
/// Every case but `unwritable` and `system` means that the file breaks a rule of Formats/thimble.md.
public enum FormatError: Error, Equatable, CustomStringConvertible {
  /// The file does not begin as a .thimble file; `hint` says what it looks like instead, if known.
  case foreign(path: String, hint: String?)
  case version(path: String, found: Int)
  /// The file is shorter or longer than its header says.
  case size(path: String, found: Int, expected: UInt64)
  /// A part of the file breaks the rule `rule`.
  case invalid(path: String, part: String, rule: String)
  /// A part of the file does not have the hash that is recorded for it.
  case damaged(path: String, part: String)
  /// What is to be written breaks the rule `rule`: no file can hold it.
  case unwritable(part: String, rule: String)
  case system(SystemError)

  public var description: String {
    switch self {
    case .foreign(let path, let hint):
      "\(path.printable()): not a .thimble file\(hint.map { " but \($0)" } ?? ""). Make one with: thimble convert CHECKPOINT -o FILE"
    case .version(let path, let found):
      "\(path.printable()): version \(found) of the format; this program reads version 1. Use a newer thimble, or convert again."
    case .size(let path, let found, let expected):
      "\(path.printable()): has \(found) bytes, but its header says \(expected). The file is \(UInt64(found) < expected ? "truncated" : "too long"): copy it again."
    case .invalid(let path, let part, let rule):
      "\(path.printable()): \(part): \(rule). The file was damaged, or not written by thimble: convert again."
    case .damaged(let path, let part):
      "\(path.printable()): \(part): the checksum does not match. The file is damaged: copy it again, or convert again."
    case .unwritable(let part, let rule):
      "\(part): \(rule). A .thimble file cannot hold this model."
    case .system(let error):
      error.description
    }
  }
}
