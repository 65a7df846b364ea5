internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleText

extension HTTPInterface {
  /// How the texts of a request go into the model: as its members say, and otherwise as the server was told.
  ///
  /// - Parameters:
  ///   - places: where the request may say it.
  ///   - truncates: whether a text that is too long is cut if nobody says; nil: as the server was told.
  func textOptions(_ places: Fields..., truncates: Bool? = nil) throws(APIError) -> TextOptions {
    var text = options.text
    let language = try places.only("lang") { fields throws(APIError) in
      [try fields.languageCode("lang"), try fields.languageCode("language")]
    }
    let choice = try places.only("truncate") { fields throws(APIError) in
      [try fields.bool("truncate")]
    }
    let side = try places.only("truncation_direction") { fields throws(APIError) in
      [try fields.truncationSide()]
    }
    text.language = language ?? text.language
    text.truncates = choice ?? truncates ?? text.truncates
    text.truncationSide = side ?? text.truncationSide
    return text
  }

  /// What a vector is made of: as the request says, and otherwise as the server was told.
  func pooling(_ places: Fields...) throws(APIError) -> Pooling {
    let choice = try places.only("pooling") { fields throws(APIError) -> [Pooling?] in
      guard let name = try fields.string("pooling") else { return [] }
      guard let pooling = Pooling(rawValue: name) else {
        let known = Pooling.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        throw .malformed("\"pooling\" must be \(known).")
      }
      return [pooling]
    }
    return choice ?? options.pooling
  }
}

extension [Fields] {
  /// What a request says in one of these places, or in several of them alike; nil if it says nothing.
  ///
  /// - Parameters:
  ///   - name: of the member, for the error.
  ///   - read: what is said in one place.
  func only<Value: Hashable>(
    _ name: String, _ read: (Fields) throws(APIError) -> [Value?]
  ) throws(APIError) -> Value? {
    var values: Set<Value> = []
    for fields in self { values.formUnion(try read(fields).compactMap(\.self)) }
    guard values.count < 2 else {
      throw .malformed("\"\(name)\" is given twice, and differently.")
    }
    return values.first
  }
}

extension Fields {
  /// TEI's `truncation_direction`.
  fileprivate func truncationSide() throws(APIError) -> TruncationSide? {
    switch try string("truncation_direction") {
    case nil: nil
    case "right", "Right": .right
    case "left", "Left": .left
    default: throw .malformed("\"truncation_direction\" must be \"right\" or \"left\".")
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
/// - Parameter notes: whether it was cut is noted there, for one text after the other.
/// - Throws: with advice to cut, if that is allowed and was not asked for.
func cutting<Value>(
  _ truncates: Bool, _ notes: inout Notes, _ encode: (Bool) throws(ThimbleError) -> Value
) throws(APIError) -> Value {
  do throws(ThimbleError) {
    var isCut = false
    defer { notes.isCut.append(isCut) }
    do throws(ThimbleError) { return try encode(false) } catch .tooLong where truncates {
      isCut = true
      return try encode(true)
    }
  } catch {
    guard case .tooLong = error else { throw APIError(error) }
    throw APIError(error).adding("Or set \"truncate\" to true, to cut it.")
  }
}
