internal import Thimble
internal import ThimbleSystem

/// Texts that go before those whose vectors are wanted, as some models were trained to see them: "query: ".
public struct Prompts: Sendable {
  /// By their names, in the order in which they were given.
  public private(set) var named: [(name: String, text: String)] = []
  /// What goes before the texts of a request that names none; nil: nothing.
  public private(set) var standard: String?
  /// The name of `standard`, if it has one.
  public private(set) var standardName: String?

  /// No prompts.
  public init() {}

  /// - Parameters:
  ///   - named: prompts by their names.
  ///   - standard: what goes before the texts of a request that names none.
  public init(
    _ named: [(name: String, text: String)], standard: String? = nil
  ) throws(PromptError) {
    for (index, prompt) in named.enumerated() {
      if named[..<index].contains(where: { $0.name == prompt.name }) { throw .twice(prompt.name) }
    }
    (self.named, self.standard) = (named, standard)
  }

  /// - Parameter standardName: the name of what goes before the texts of a request that names none.
  public init(
    _ named: [(name: String, text: String)], standardName: String
  ) throws(PromptError) {
    try self.init(named)
    (standard, self.standardName) = (try self[standardName], standardName)
  }

  subscript(name: String) -> String {
    get throws(PromptError) {
      guard let prompt = named.first(where: { $0.name == name }) else {
        throw .unknown(name, known: named.map(\.name))
      }
      return prompt.text
    }
  }

  /// Checks that every prompt leaves room for a text.
  ///
  /// - Throws: `ThimbleError` if the model cannot read texts; `PromptError.tooLong`.
  func check(_ options: TextOptions, with texts: TextEncoder) throws {
    for prompt in named.map(\.text) + [standard].compactMap(\.self) {
      let count = try texts.tokens(prompt, options.encoding).count
      guard count < texts.text.longestText else {
        throw PromptError.tooLong(prompt, tokens: count, limit: texts.text.longestText)
      }
    }
  }
}

/// What is wrong with prompts.
public enum PromptError: Error, CustomStringConvertible {
  case twice(String)
  case unknown(String, known: [String])
  /// A prompt with its ends leaves no room for a text.
  case tooLong(String, tokens: Int, limit: Int)

  public var description: String {
    switch self {
    case .twice(let name): "There are two prompts \"\(name.printable(limit: 60))\"."
    case .unknown(let name, let known):
      "There is no prompt \"\(name.printable(limit: 60))\". "
        + (known.isEmpty
          ? "There are none at all."
          : "There are: \(known.printable(count: 60, limit: 20, separator: ", ")).")
    case .tooLong(let prompt, let tokens, let limit):
      "The prompt \"\(prompt.printable(limit: 60))\" takes \(tokens) tokens of \(limit), which leaves no room for a text."
    }
  }
}

extension HTTPInterface {
  /// The prompt that a request names; nil if it names none.
  func namedPrompt(_ places: Fields...) throws(APIError) -> String? { try namedPrompt(places) }

  private func namedPrompt(_ places: [Fields]) throws(APIError) -> String? {
    let name = try places.only("prompt_name") { fields throws(APIError) in
      [try fields.string("prompt_name")]
    }
    guard let name else { return nil }
    do { return try options.prompts[name] } catch { throw .invalid("\"prompt_name\": \(error)") }
  }

  /// What goes before the texts of a request for vectors.
  func prompt(_ places: Fields...) throws(APIError) -> RequestPrompt {
    let named = try namedPrompt(places)
    return RequestPrompt(text: named ?? options.prompts.standard ?? "", isAsked: named != nil)
  }
}

/// What goes before the texts of one request.
struct RequestPrompt: Sendable {
  let text: String
  /// Whether the request names it.
  let isAsked: Bool

  /// `item` with the prompt before it.
  ///
  /// - Parameter notes: what the client should know.
  func before(_ item: Inputs.Item, _ notes: inout Notes) throws(APIError) -> Inputs.Item {
    switch item {
    case .text(let first): return text.isEmpty ? item : .text(text + first)
    case .pair(let first, let second): return .pair(text + first, second)
    case .ids:
      guard !isAsked else {
        throw .invalid(
          "\"prompt_name\": a prompt goes before a text, but token ids are used as they are.")
      }
      if !text.isEmpty {
        notes.warn("The server's prompt goes before texts, but not before token ids.")
      }
      return item
    }
  }
}
