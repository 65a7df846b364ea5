internal import ThimbleArchitecture
internal import ThimbleSystem
internal import ThimbleText

/// What a user should know about the texts that a model is given, though nothing stops it.
public enum TextCaution: Sendable, CustomStringConvertible {
  /// The model has embeddings for these languages, and no language was named.
  case noLanguage(known: [String])
  /// The language is written without spaces, and there is no dictionary to split it with.
  case noDictionary(message: String)
  /// Of `count` tokens of a text, so many stand for what the vocabulary lacks.
  case unknownWords(count: Int, of: Int)

  public var description: String {
    switch self {
    case .noLanguage(let known):
      let names = known.isEmpty ? "" : " (\(known.printable(limit: 20)))"
      return
        "The model was trained to know each text's language\(names), but none is named: its answers are less exact."
    case .noDictionary(let message): return message
    case .unknownWords(let count, let total):
      return
        "\(count) of \(total) tokens are <unk>: the vocabulary lacks much of this text, and answers say little about it."
    }
  }
}

extension ModelText {
  /// What to say before texts, or ids, in `language` are read.
  ///
  /// - Throws: as `languageID`.
  public func cautions(
    language: String?, _ convention: Convention, readsIDs: Bool = false
  ) throws(ThimbleError) -> [TextCaution] {
    _ = try languageID(language)
    var cautions: [TextCaution] = []
    if language == nil, configuration.hasLanguageEmbeddings {
      cautions.append(.noLanguage(known: configuration.languages.map(\.name)))
    }
    if !readsIDs, let message = tables?.warning(for: convention.encoding(language: language)) {
      cautions.append(.noDictionary(message: message))
    }
    return cautions
  }

  /// Whether naming a language changes anything: the words that a text is split into, or the embedding that is added.
  public func usesLanguage(_ convention: Convention, readsIDs: Bool) -> Bool {
    configuration.hasLanguageEmbeddings || convention == .training && !readsIDs
  }
}

extension TextCaution {
  /// A caution if a quarter or more of a text's tokens, and at least three, stand for what the vocabulary lacks.
  ///
  /// - Parameters:
  ///   - tokens: of one text, ends included.
  ///   - unknown: the id of `<unk>`.
  public init?(tokens: some Collection<Int>, unknown: Int, ends: Set<Int>) {
    let unknowns = tokens.count { $0 == unknown }
    let words = tokens.count { !ends.contains($0) }
    guard unknowns >= 3, 4 * unknowns >= words else { return nil }
    self = .unknownWords(count: unknowns, of: words)
  }
}

extension ModelText {
  /// What to say about one text whose tokens, ends included, are `ids`.
  public func caution(tokens ids: some Collection<Int32>) -> TextCaution? {
    let special = configuration.specialIDs
    return TextCaution(
      tokens: ids.map { Int($0) }, unknown: special.unknown, ends: [special.beginning, special.end])
  }
}
