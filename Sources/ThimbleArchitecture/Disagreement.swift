internal import ThimbleSystem

/// Two sections of a file that do not fit each other.
public struct Disagreement: Error, Equatable, CustomStringConvertible {
  public enum Section: String, Sendable { case configuration, tokenizer, tensors }

  public let sections: [Section]
  public let reason: String

  public init(_ first: Section, _ second: Section, _ reason: String) {
    sections = first == second ? [first] : [first, second]
    self.reason = reason
  }

  public var description: String {
    sections.count == 2
      ? "\(sections[0]) and \(sections[1]) disagree: \(reason)."
      : "\(sections[0]) disagree with each other: \(reason)."
  }

  /// What is wrong with the model at `path`: the first of `found`, a line each, and how many others there are.
  public static func text(_ found: [Disagreement], path: String) -> String {
    let shown = 8
    return found.prefix(shown).map { "\(path.printable()): \($0)" }.joined(separator: "\n")
      + (found.count > shown ? "\n… and \(found.count - shown) others." : "")
  }
}
