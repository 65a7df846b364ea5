internal import Thimble
package import ThimbleArchitecture
package import ThimbleText

/// Sentences as sequences of a model's tokens, one of each language after the other.
package struct SentenceSource {
  private let reader: SentenceReader
  private let configuration: ModelConfiguration
  private let masks: Bool
  private let languages: [EvaluationText.Language]
  private let ids: [Int32?]
  private var lines: [Lines]
  private var turn = 0

  /// - Parameters:
  ///   - tables: nil: the lines are JSON lists of token ids.
  ///   - masks: whether some tokens are masked.
  package init(
    _ text: EvaluationText, _ tables: TokenizerTables?, configuration: ModelConfiguration,
    masks: Bool
  ) throws(EvaluationError) {
    let model = ModelText(
      path: "the model", configuration: configuration, tables: tables,
      longestText: configuration.maxPositions)
    reader = SentenceReader(model, input: tables == nil ? .ids : .text)
    self.configuration = configuration
    self.masks = masks
    languages = text.languages
    lines = languages.map(\.lines)
    let ids = try languages.map { language throws(EvaluationError) in
      try model.embeddingID(of: language)
    }
    self.ids = ids
  }

  /// The next sentence that has a token to mask, and the id of the language whose embedding goes with it.
  ///
  /// - Throws: `EvaluationError.line`, for a line that cannot be used.
  package mutating func next() throws(EvaluationError) -> (
    sequence: MaskedSequence, language: Int32?
  )? {
    var ended = 0
    while ended < lines.count {
      let index = turn % lines.count
      turn += 1
      guard let line = lines[index].next() else {
        ended += 1
        continue
      }
      ended = 0
      let sentence = try reader.sentence(
        line, of: languages[index], number: lines[index].number)
      let masked = sentence.masked(
        .fraction(0.15), seed: 2, mask: Int32(configuration.specialIDs.mask))
      guard var sequence = masked.first else { continue }
      if !masks {
        for target in sequence.targets { sequence.ids[target.position] = Int32(target.id) }
      }
      return (sequence, ids[index])
    }
    return nil
  }
}
