public import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleSystem
public import ThimbleText

/// What lies between texts and the ids of a model. For any number of threads at once.
public struct ModelText: Sendable {
  /// The file or checkpoint that it belongs to.
  public let path: String
  public let configuration: ModelConfiguration
  /// nil if the model came without vocabulary.
  public let tables: TokenizerTables?
  /// The most tokens that a text may have, its ends included.
  public let longestText: Int

  public init(
    path: String, configuration: ModelConfiguration, tables: TokenizerTables?, longestText: Int
  ) {
    self.path = path
    self.configuration = configuration
    self.tables = tables
    self.longestText = longestText
  }

  /// That of the model which `source` makes.
  public init(_ source: ModelSource) {
    let configuration = source.configuration
    self.init(
      path: source.path, configuration: configuration,
      tables: source.tokenizer,
      longestText: min(configuration.maxPositions, source.maximumTokens))
  }

  /// - Throws: `ThimbleError.tooLong`, `.tokenID` for an id that the vocabulary does not have.
  public func check(_ ids: [Int]) throws(ThimbleError) {
    guard ids.count <= longestText else { throw .tooLong(tokens: ids.count, limit: longestText) }
    try checkVocabulary(ids)
  }

  /// - Throws: `ThimbleError.tokenID` for an id that the vocabulary does not have.
  func checkVocabulary(_ ids: [Int]) throws(ThimbleError) {
    for id in ids where id < 0 || id >= configuration.vocabularySize {
      throw .tokenID(id, vocabularySize: configuration.vocabularySize)
    }
  }

  /// The id of the language `name`, if the model has an embedding for it; nil if it has none at all.
  ///
  /// A model that names no languages takes their numbers.
  ///
  /// - Throws: `ThimbleError.language` for a language that the model, or else the rules of its tokenizer, do not know.
  public func languageID(_ name: String?) throws(ThimbleError) -> Int32? {
    guard let name else { return nil }
    guard configuration.hasLanguageEmbeddings else {
      if let known = tables?.knownLanguages, !known.contains(name) {
        throw .language(name, known: known)
      }
      return nil
    }
    if let id = configuration.languageID(name) { return Int32(id) }
    guard configuration.languages.isEmpty else {
      throw .language(name, known: configuration.languages.map(\.name))
    }
    let count = configuration.languageCount
    guard let id = Int32(name), id >= 0, id < count else {
      throw .language(name, known: ["0 to \(count - 1), by number"])
    }
    return id
  }

  /// - Throws: `ThimbleError.notCausal` if tokens see what follows them.
  public func checkCausal() throws(ThimbleError) {
    guard configuration.isCausal else { throw .notCausal(path: path) }
  }

  /// The token `id` as text: "porte".
  public func text(of id: Int) -> String { tables?.decode([id], skipSpecial: false) ?? "\(id)" }
}

extension Convention {
  /// How a text is put into the model under this convention: the one place where a language and a convention become
  /// rules for its words.
  ///
  /// - Parameter language: with it, the text is split by the rules of that language, as it was for training
  ///   (Formats/tokenizer.md). Without it, by Hugging Face's language-independent rules. The convention of
  ///   Hugging Face knows no language; and the number of one has no rules.
  public func encoding(
    language: String? = nil, maskSpellings: [String] = FillMaskQuery.maskSpellings
  ) -> EncodingOptions {
    guard self == .training, let language, Int(language) == nil else {
      var options = EncodingOptions(
        mode: .huggingFace, ends: self == .training ? .original : .huggingFace,
        maskSpellings: maskSpellings)
      options.separatesAtControls = self == .training
      return options
    }
    return EncodingOptions(
      mode: .faithful, language: language, ends: .original, maskSpellings: maskSpellings)
  }
}
