internal import HTTPTypes
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

/// What the client should know of its answer beside what it asked for. It travels in headers, since the bodies have
/// shapes that others have laid down. Only an object about an input that was cut says so too.
struct Notes: Sendable {
  /// Whether each input was cut, in order.
  var isCut: [Bool] = []
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

  /// Notes `warning`, unless it is noted already.
  mutating func warn(_ warning: String) {
    if !warnings.contains(warning) { warnings.append(warning) }
  }

  /// Notes what is to be said of one sequence, unless it was said of another.
  mutating func look(at sequence: SequenceInput, _ text: ModelText) {
    look(at: sequence.ids, text)
  }

  /// Notes what is to be said of the tokens of a text, unless it was said of another.
  mutating func look(at ids: [Int32], _ text: ModelText) {
    guard !saidUnknown, let caution = text.caution(tokens: ids) else { return }
    saidUnknown = true
    warnings.append(caution.description)
  }

  func add(to headers: inout HTTPFields) {
    let cutCount = isCut.count(where: \.self)
    if cutCount > 0 { headers.add("x-truncated-inputs", "\(cutCount)") }
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

extension JSONValue {
  /// An answer about one input: an object, or a list of them.
  ///
  /// - Parameter isCut: whether the input was cut, which every object then says.
  func about(cutInput isCut: Bool) -> JSONValue {
    guard isCut else { return self }
    if let list = array { return .array(list.map { $0.about(cutInput: true) }) }
    guard var object else { return self }
    object.set("truncated", to: true)
    return .object(object)
  }
}
