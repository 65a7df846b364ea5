internal import ThimbleArchitecture
package import ThimbleEvaluation
internal import ThimbleSystem
package import ThimbleText

/// What a model is calibrated with, open.
package enum CalibrationText: Sendable {
  /// Sentences like those that the model is for, and the tables that turn them into tokens.
  case sentences(EvaluationText, TokenizerTables)
  /// Such sentences as JSON lists of token ids, ends included.
  case ids(EvaluationText)
  /// Random tokens, frequent ones more often: what there is without any text.
  case randomTokens

  /// The sentences, if there are any.
  var sentences: EvaluationText? {
    switch self {
    case .sentences(let text, _), .ids(let text): text
    case .randomTokens: nil
    }
  }

  /// What sentences that are text need.
  var tables: TokenizerTables? {
    if case .sentences(_, let tables) = self { tables } else { nil }
  }

  /// What a user should know before a model is calibrated with this.
  package var warnings: [String] {
    if case .sentences(let text, let tables) = self { text.warnings(for: tables) } else { [] }
  }

  /// Sequences of a model's tokens.
  ///
  /// - Parameter masks: whether some tokens of sentences are masked.
  func source(
    _ configuration: ModelConfiguration, masks: Bool
  ) throws(EvaluationError) -> any SequenceSource {
    guard let sentences else { return RandomSource(configuration) }
    return try SentenceSource(sentences, tables, configuration: configuration, masks: masks)
  }
}
