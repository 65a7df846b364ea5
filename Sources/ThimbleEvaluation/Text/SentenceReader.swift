internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleSystem
public import ThimbleText

extension TokenizerTables {
  /// How sentences of the language `code` become tokens: as those that are to be filled do when their language is given.
  /// By language-independent rules if there are none for it.
  func sentenceEncoding(language code: String) -> EncodingOptions {
    Convention.training.encoding(
      language: knownLanguages.contains(code) ? code : nil,
      maskSpellings: FillMaskQuery.maskSpellings)
  }
}

extension ModelText {
  /// The id of the embedding of `language`; nil if the model has none at all.
  func embeddingID(of language: EvaluationText.Language) throws(EvaluationError) -> Int32? {
    guard configuration.hasLanguageEmbeddings else { return nil }
    do { return try languageID(language.code) } catch {
      throw .language(
        language.code, path: language.path, known: configuration.languages.map(\.name))
    }
  }
}

extension EvaluationText {
  /// What a user should know before `tables` make tokens of this text: languages that are not known, and dictionaries
  /// that are missing.
  public func warnings(for tables: TokenizerTables) -> [String] {
    let known = Set(tables.knownLanguages)
    return languages.compactMap { language in
      guard known.contains(language.code) else {
        return """
          \(language.path): "\(language.code)" is not a language of this model. The text is split by language-independent \
          rules. Name the file after its language, as in de.txt.
          """
      }
      return tables.warning(for: tables.sentenceEncoding(language: language.code))
        .map { "\(language.path): \($0)" }
    }
  }
}

/// Turns lines into sentences of a model's tokens.
final class SentenceReader {
  /// What a line holds.
  enum Input { case text, ids }

  private let texts: TextEncoder
  private let input: Input
  private var tokens: [Token] = []
  private var encodings: [String: EncodingOptions] = [:]
  /// How many sentences were cut, because they had more tokens than fit.
  private(set) var cutCount = 0

  var text: ModelText { texts.text }

  /// - Parameter text: says how many tokens a sentence may have, ends included. Longer ones are cut.
  init(_ text: ModelText, input: Input) {
    precondition(text.tables != nil || input == .ids, "text needs a tokenizer")
    texts = TextEncoder(text)
    self.input = input
  }

  /// The sentence of line `number` of `language`.
  ///
  /// - Throws: `EvaluationError.line`, which names it.
  func sentence(
    _ line: ByteView, of language: EvaluationText.Language, number: Int
  ) throws(EvaluationError) -> Sentence {
    do throws(ThimbleError) {
      let hash = line.xxh64
      switch input {
      case .text:
        try encode(line.bytes(), language.code)
        let ids = tokens.map { Int32($0.id) }
        return Sentence(
          ids: ids, maskable: ids.indices.filter { !tokens[$0].isAdded && !isSpecial(ids[$0]) },
          hash: hash)
      case .ids:
        let ids = try ids(line)
        return Sentence(
          ids: ids, maskable: ids.indices.filter { !isSpecial(ids[$0]) }, hash: hash)
      }
    } catch {
      throw .line(path: language.path, number: number, reason: error.description)
    }
  }

  /// Overwrites `tokens` with those of `line`.
  private func encode(_ line: [UInt8], _ language: String) throws(ThimbleError) {
    let options =
      encodings[language] ?? text.tables?.sentenceEncoding(language: language) ?? EncodingOptions()
    encodings[language] = options
    do throws(ThimbleError) {
      try texts.encode(line.span, options, truncates: false, into: &tokens)
    } catch {
      guard case .tooLong = error else { throw error }
      cutCount += 1
      try texts.encode(line.span, options, truncates: true, into: &tokens)
    }
  }

  private func ids(_ line: ByteView) throws(ThimbleError) -> [Int32] {
    let ids = try TokenIDs(json: line.bytes()).ids
    guard !ids.isEmpty else { throw .noTokens }
    if ids.count > text.longestText { cutCount += 1 }
    let size = text.configuration.vocabularySize
    return try ids.prefix(text.longestText).map { id throws(ThimbleError) in
      guard (0..<size).contains(id) else { throw .tokenID(id, vocabularySize: size) }
      return Int32(id)
    }
  }

  private func isSpecial(_ id: Int32) -> Bool {
    let special = text.configuration.specialIDs
    return [special.beginning, special.end, special.padding, special.unknown, special.mask]
      .contains(Int(id))
  }
}
