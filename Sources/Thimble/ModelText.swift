public import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleSystem
public import ThimbleText

/// What lies between texts and the ids of a model. For any number of threads at once.
public struct ModelText: Sendable {
  /// The file or checkpoint that it belongs to.
  public let path: String
  public let configuration: XLMConfiguration
  /// nil if the model came without vocabulary.
  public let tables: TokenizerTables?
  /// The most tokens that a text may have, its ends included.
  public let longestText: Int

  init(
    path: String, configuration: XLMConfiguration, tables: TokenizerTables?, longestText: Int
  ) {
    self.path = path
    self.configuration = configuration
    self.tables = tables
    self.longestText = longestText
  }

  /// That of the model which `source` makes.
  public init(_ source: ModelSource) throws {
    let configuration = source.provider.configuration
    self.init(
      path: source.path, configuration: configuration,
      tables: source.tokenizer.isEmpty ? nil : try TokenizerTables(view: source.tokenizer),
      longestText: min(configuration.maxPositions, source.maximumTokens))
  }

  /// A tokenizer of this vocabulary: for one thread at a time, worth keeping.
  public func makeTokenizer() -> Tokenizer? { tables.map { Tokenizer(tables: $0) } }

  /// Overwrites `tokens` with those of `text`, at most `longestText`.
  ///
  /// - Parameters:
  ///   - tokenizer: one that `makeTokenizer` made.
  ///   - truncates: whether a text that is too long is cut.
  /// - Throws: `ThimbleError.noTokenizer`, `.tooLong`, `.text`.
  public func encode(
    _ text: Span<UInt8>, _ options: EncodingOptions, truncates: Bool,
    with tokenizer: inout Tokenizer?, into tokens: inout [Token]
  ) throws(ThimbleError) {
    guard tokenizer != nil else { throw .noTokenizer(path: path) }
    do throws(TextError) {
      try tokenizer?.encode(text, options, into: &tokens)
      if truncates, tokens.count > longestText {
        var cut = options
        cut.maximumLength = longestText
        try tokenizer?.encode(text, cut, into: &tokens)
      }
    } catch { throw .text(error) }
    guard tokens.count <= longestText else {
      throw .tooLong(tokens: tokens.count, limit: longestText)
    }
  }

  /// - Throws: `ThimbleError.tooLong`, `.tokenID` for an id that the vocabulary does not have.
  public func check(_ ids: [Int]) throws(ThimbleError) {
    guard ids.count <= longestText else { throw .tooLong(tokens: ids.count, limit: longestText) }
    for id in ids where id < 0 || id >= configuration.vocabularySize {
      throw .tokenID(id, vocabularySize: configuration.vocabularySize)
    }
  }

  /// The id of the language `name`, if the model has an embedding for it; nil if it has none at all.
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
    guard let id = configuration.languageID(name) else {
      throw .language(name, known: configuration.languages.map(\.name))
    }
    return Int32(id)
  }

  /// What a user should know before giving texts in `language`; nil if nothing stands in the way.
  ///
  /// - Throws: as `languageID`.
  public func warning(
    language: String?, _ convention: Convention
  ) throws(ThimbleError) -> String? {
    _ = try languageID(language)
    return tables?.warning(for: convention.encoding(language: language))
  }

  /// The token `id` as text: "porte".
  public func text(of id: Int) -> String { tables?.decode([id], skipSpecial: false) ?? "\(id)" }
}

extension Convention {
  /// How a text is put into the model under this convention.
  ///
  /// - Parameter language: with it, the text is split by the rules of that language, as it was for training
  ///   (Formats/tokenizer.md). Without it, by the rules that Hugging Face has for every text. The convention of
  ///   Hugging Face knows no language.
  public func encoding(
    language: String? = nil, maskSpellings: [String] = []
  ) -> EncodingOptions {
    switch self {
    case .huggingFace: EncodingOptions(mode: .huggingFace, maskSpellings: maskSpellings)
    case .training:
      EncodingOptions(
        mode: language == nil ? .huggingFace : .faithful, language: language, ends: .original,
        maskSpellings: maskSpellings)
    }
  }
}
