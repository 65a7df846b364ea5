internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleSystem
internal import ThimbleText

/// Turns lines into sentences of a model's tokens.
final class SentenceReader {
  /// What a line holds.
  enum Input { case text, ids }

  private var tokenizer: Tokenizer?
  private let input: Input
  private let configuration: XLMConfiguration
  private let longest: Int
  private var tokens: [Token] = []

  /// - Parameters:
  ///   - tables: the model's; nil only for ids.
  ///   - longest: the most tokens of a sentence, ends included. Longer ones are cut.
  init(
    _ tables: TokenizerTables?, input: Input, configuration: XLMConfiguration, longest: Int
  ) {
    precondition(tables != nil || input == .ids, "text needs a tokenizer")
    tokenizer = tables.map { Tokenizer(tables: $0) }
    self.input = input
    self.configuration = configuration
    self.longest = longest
  }

  /// - Throws: `EvaluationError.line`, which names the line `number` of `path`.
  func sentence(_ line: ByteView, path: String, number: Int) throws(EvaluationError) -> Sentence {
    let hash = line.xxh64
    switch input {
    case .text:
      do throws(TextError) {
        let options = EncodingOptions(
          mode: .huggingFace, ends: .original, maximumLength: longest)
        let text = line.bytes()
        try tokenizer?.encode(text.span, options, into: &tokens)
      } catch { throw .line(path: path, number: number, reason: error.description) }
      let ids = tokens.map { Int32($0.id) }
      return Sentence(
        ids: ids, maskable: ids.indices.filter { !tokens[$0].isAdded && !isSpecial(ids[$0]) },
        hash: hash)
    case .ids:
      let ids = try self.ids(line, path: path, number: number)
      return Sentence(ids: ids, maskable: ids.indices.filter { !isSpecial(ids[$0]) }, hash: hash)
    }
  }

  private func ids(
    _ line: ByteView, path: String, number: Int
  ) throws(EvaluationError) -> [Int32] {
    var ids: [Int32] = []
    var reason = "not a JSON list of token ids, such as [1, 52, 1]"
    if let values = try? JSONValue(parsing: line.bytes()).array, !values.isEmpty {
      for value in values.prefix(longest) {
        guard let id = value.int, id >= 0, id < configuration.vocabularySize else {
          reason = "\(value) is no token of the vocabulary of \(configuration.vocabularySize)"
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
