internal import HTTPTypes
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

extension HTTPInterface {
  /// How the texts of a request go into the model: as its members say, and otherwise as the server was told.
  ///
  /// - Parameters:
  ///   - places: where the request may say it.
  ///   - truncates: whether a text that is too long is cut if nobody says; nil: as the server was told.
  func textOptions(_ places: Fields..., truncates: Bool? = nil) throws(APIError) -> TextOptions {
    var text = options.text
    var (languages, choices): (Set<String>, Set<Bool>) = ([], [])
    for fields in places {
      for name in ["lang", "language"] {
        if let language = try fields.languageCode(name) { languages.insert(language) }
      }
      if let choice = try fields.bool("truncate") { choices.insert(choice) }
      try fields.refuse("truncation_direction", "texts are cut at their end only") {
        $0 == "right" || $0 == "Right"
      }
      try fields.refuse("prompt_name", "the model has no prompts")
    }
    guard languages.count < 2, choices.count < 2 else {
      throw .malformed(
        "\(choices.count < 2 ? "\"lang\"" : "\"truncate\"") is given twice, and differently.")
    }
    text.language = languages.first ?? text.language
    text.truncates = choices.first ?? truncates ?? text.truncates
    return text
  }

  /// What a vector is made of: as the request says, and otherwise as the server was told.
  func pooling(_ places: Fields...) throws(APIError) -> Pooling {
    var choices: Set<Pooling> = []
    for fields in places {
      guard let name = try fields.string("pooling") else { continue }
      guard let pooling = Pooling(rawValue: name) else {
        let known = Pooling.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        throw .malformed("\"pooling\" must be \(known).")
      }
      choices.insert(pooling)
    }
    guard choices.count < 2 else {
      throw .malformed("\"pooling\" is given twice, and differently.")
    }
    return choices.first ?? options.pooling
  }
}

/// What the client should know of its answer beside what it asked for. It travels in headers, since the bodies have
/// shapes that others have laid down.
struct Notes: Sendable {
  /// How many inputs were cut.
  var truncated = 0
  var warnings: [String] = []
  private var saidUnknown = false

  /// What is to be said of texts, or with `ids` of token ids, that go into the model under `options`.
  ///
  /// - Throws: `ThimbleError.language` for a language that nobody knows, `APIError` for one that changes nothing.
  init(_ options: TextOptions, _ text: ModelText, ids: Bool = false) throws {
    let (language, convention) = (options.language, options.convention)
    for caution in try text.cautions(language: language, convention, readsIDs: ids) {
      warnings.append(caution.description)
    }
    guard language != nil, !text.usesLanguage(convention, readsIDs: ids) else { return }
    guard ids else {
      throw APIError.invalid(
        "\"lang\" has no effect here: the model has no language embeddings, and Hugging Face's rules are the same for all texts."
      )
    }
    warnings.append(
      "The language changes nothing for token ids: the model has no embedding for it.")
  }

  /// Notes targets of which another token is scored.
  mutating func add(_ replacements: [FillMaskTargets.Replacement], _ text: ModelText) {
    let most = 8
    for replacement in replacements.prefix(most) {
      let (target, piece) = (replacement.target.printable(), text.text(of: replacement.id))
      warnings.append(
        "The target \"\(target)\" is not a single token of the vocabulary: \"\(piece.printable())\" is scored in its place."
      )
    }
    if replacements.count > most {
      warnings.append("The same holds for \(replacements.count - most) more targets.")
    }
  }

  /// Notes what is to be said of one sequence, unless it was said of another.
  mutating func look(at sequence: SequenceInput, _ text: ModelText) {
    guard !saidUnknown, let caution = text.caution(tokens: sequence.ids) else { return }
    saidUnknown = true
    warnings.append(caution.description)
  }

  func add(to headers: inout HTTPFields) {
    if truncated > 0 { headers.add("x-truncated-inputs", "\(truncated)") }
    for warning in warnings { headers.add("x-warning", warning) }
  }
}

extension HTTPFields {
  /// Adds a header, unless it has no value.
  mutating func add(_ name: String, _ value: String?) {
    guard let name = HTTPField.Name(name), let value else { return }
    append(HTTPField(name: name, value: Self.inASCII(value)))
  }

  mutating func add(milliseconds seconds: Double, _ name: String) {
    add(name, "\(Int(seconds * 1000))")
  }

  /// Headers hold nothing but ASCII: other scalars are written as JSON does.
  private static func inASCII(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      guard !(0x20..<0x7F).contains(scalar.value) else {
        result.unicodeScalars.append(scalar)
        return
      }
      for unit in UTF16.encode(scalar) ?? .init() {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
  }
}

extension ModelText {
  /// The codes that "lang" takes.
  var languageCodes: [String] {
    guard configuration.hasLanguageEmbeddings else { return tables?.knownLanguages ?? [] }
    let names = configuration.languages.map(\.name)
    return names.isEmpty ? (0..<configuration.languageCount).map(String.init) : names
  }
}

extension Inputs {
  /// What `body` makes of each item, in order. What goes wrong is told with the item's place.
  ///
  /// - Parameters:
  ///   - part: which of the items; nil: all.
  ///   - name: that of the member that the items came with.
  func map<Value>(
    _ part: Range<Int>? = nil, of name: String = "inputs", _ body: (Item) throws -> Value
  ) throws -> [Value] {
    try (part ?? items.indices).map { index in
      do { return try body(items[index]) } catch {
        throw isList ? APIError(error).at("\"\(name)\"[\(index)]") : APIError(error)
      }
    }
  }
}

extension Inputs.Item {
  /// What the item becomes for the model.
  ///
  /// - Parameter notes: whether it was cut is noted there.
  func sequence(
    _ options: TextOptions, with texts: TextEncoder, _ notes: inout Notes
  ) throws(APIError) -> SequenceInput {
    let sequence = try cutting(options.truncates, &notes) { truncates throws(ThimbleError) in
      var options = options
      options.truncates = truncates
      switch self {
      case .text(let first): return try texts.input(first, options)
      case .pair(let first, let second):
        return try texts.input(first, pairedWith: second, options)
      case .ids(let ids):
        return try texts.input(ids: ids, options)
      }
    }
    notes.look(at: sequence, texts.text)
    return sequence
  }
}

/// Lets `encode` put a text into tokens, and once more with `true` if it is too long and may be cut.
///
/// - Parameter notes: that it was cut is noted there.
/// - Throws: with advice to cut, if that is allowed and was not asked for.
func cutting<Value>(
  _ truncates: Bool, _ notes: inout Notes, _ encode: (Bool) throws(ThimbleError) -> Value
) throws(APIError) -> Value {
  do throws(ThimbleError) {
    do throws(ThimbleError) { return try encode(false) } catch .tooLong where truncates {
      notes.truncated += 1
      return try encode(true)
    }
  } catch {
    guard case .tooLong = error else { throw APIError(error) }
    throw APIError(error).adding("Or set \"truncate\" to true, to cut off its end.")
  }
}
