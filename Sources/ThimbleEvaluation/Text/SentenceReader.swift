internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
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

extension ModelConfiguration {
  /// The id of the embedding of `language`; nil if the model has none at all. A model that names no languages takes numbers.
  func embeddingID(of language: EvaluationText.Language) throws(EvaluationError) -> Int32? {
    guard hasLanguageEmbeddings else { return nil }
    let number = Int(language.code).flatMap { (0..<languageCount).contains($0) ? $0 : nil }
    guard let id = languageID(language.code) ?? (languages.isEmpty ? number : nil) else {
      throw .language(language.code, path: language.path, known: languages.map(\.name))
    }
    return Int32(id)
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
          \(language.path): "\(language.code)" is no language of this model. The text is split by language-independent \
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

  private let tables: TokenizerTables?
  private var tokenizer: Tokenizer?
  private let input: Input
  private let configuration: ModelConfiguration
  private let longest: Int
  private var tokens: [Token] = []
  private var encodings: [String: EncodingOptions] = [:]
  /// How many sentences were cut, because they had more tokens than fit.
  private(set) var cutCount = 0

  /// - Parameters:
  ///   - tables: the model's; nil only for ids.
  ///   - longest: the most tokens of a sentence, ends included. Longer ones are cut.
  init(
    _ tables: TokenizerTables?, input: Input, configuration: ModelConfiguration, longest: Int
  ) {
    precondition(tables != nil || input == .ids, "text needs a tokenizer")
    self.tables = tables
    tokenizer = tables.map { Tokenizer(tables: $0) }
    self.input = input
    self.configuration = configuration
    self.longest = longest
  }

  /// The sentence of line `number` of `language`.
  ///
  /// - Throws: `EvaluationError.line`, which names it.
  func sentence(
    _ line: ByteView, of language: EvaluationText.Language, number: Int
  ) throws(EvaluationError) -> Sentence {
    let hash = line.xxh64
    switch input {
    case .text:
      do throws(TextError) { try encode(line.bytes(), language.code) } catch {
        throw .line(path: language.path, number: number, reason: error.description)
      }
      let ids = tokens.map { Int32($0.id) }
      return Sentence(
        ids: ids, maskable: ids.indices.filter { !tokens[$0].isAdded && !isSpecial(ids[$0]) },
        hash: hash)
    case .ids:
      let ids = try self.ids(line, path: language.path, number: number)
      return Sentence(ids: ids, maskable: ids.indices.filter { !isSpecial(ids[$0]) }, hash: hash)
    }
  }

  /// Overwrites `tokens` with those of `text`.
  private func encode(_ text: [UInt8], _ language: String) throws(TextError) {
    var options = encodings[language]
    if options == nil { options = tables?.sentenceEncoding(language: language) }
    guard var options else { return }
    encodings[language] = options
    try tokenizer?.encode(text.span, options, into: &tokens)
    guard tokens.count > longest else { return }
    cutCount += 1
    options.maximumLength = longest
    try tokenizer?.encode(text.span, options, into: &tokens)
  }

  private func ids(
    _ line: ByteView, path: String, number: Int
  ) throws(EvaluationError) -> [Int32] {
    var ids: [Int32] = []
    var reason = "not a JSON list of token ids, such as [1, 52, 1]"
    if let values = try? JSONValue(parsing: line.bytes()).array, !values.isEmpty {
      if values.count > longest { cutCount += 1 }
      for value in values.prefix(longest) {
        guard let id = value.int, id >= 0, id < configuration.vocabularySize else {
          reason = "\(value) is not a token of the vocabulary of \(configuration.vocabularySize)"
          break
        }
        ids.append(Int32(id))
      }
      if ids.count == min(values.count, longest) { return ids }
    }
    throw .line(path: path, number: number, reason: reason + ".")
  }

  private func isSpecial(_ id: Int32) -> Bool {
    let special = configuration.specialIDs
    return [special.beginning, special.end, special.padding, special.unknown, special.mask]
      .contains(Int(id))
  }
}
