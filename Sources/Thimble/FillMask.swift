internal import ThimbleModel
public import ThimbleText

/// How masks are filled.
public struct FillMaskOptions: Sendable {
  /// Fillings for each mask, best first.
  public var top = 5
  /// Only these tokens are considered; empty: all of the vocabulary. Probabilities are still those among all.
  public var targets: [String] = []
  /// Whose way of putting a text into the model is followed.
  public var convention = Convention.training
  /// The language of the text: in training, of the rules for its words; for models that have them, of the
  /// language embedding.
  public var language: String?
  /// Whether a text that is too long is cut.
  public var truncates = false
  /// Where it is cut.
  public var truncationSide = TruncationSide.right

  public init() {}
}

/// How a text is put into the model.
public enum Convention: String, Sendable, CaseIterable {
  /// As the model was trained: `</s> … </s>`, no token types.
  case training
  /// As Hugging Face's pipeline does: `<s> … </s>`, and the word embedding of id 0 added everywhere as token type.
  case huggingFace = "hf"
}

/// One way to fill a mask.
public struct Filling: Sendable, Equatable {
  /// The token's id.
  public let id: Int
  /// The token as text: "porte".
  public let text: String
  /// The probability of the token among all of the vocabulary.
  public let probability: Double
  public let logit: Float
  /// The whole text with this token in place of the mask.
  public let sequence: String
  /// The target that was asked for, if the token is only its first piece.
  public let target: String?
}

extension LanguageModel {
  /// Fills every mask in `text`: `<mask>`, `[MASK]` or `<special1>`.
  ///
  /// - Returns: for each mask, in order, the likeliest tokens, best first. Each mask is filled by itself, while the
  ///   others stay masks.
  /// - Throws: `ThimbleError`.
  public func fillMask(
    _ text: String, _ options: FillMaskOptions = FillMaskOptions()
  ) throws(ThimbleError) -> [[Filling]] {
    try answer(query(text, options))
  }

  /// Fills every mask in a sequence of token ids, ends included.
  public func fillMask(
    ids: [Int], _ options: FillMaskOptions = FillMaskOptions()
  ) throws(ThimbleError) -> [[Filling]] {
    try answer(query(ids: ids, options))
  }

  /// The tokens that `names` mean, to be looked up once for many texts.
  public func targets(_ names: [String]) throws(ThimbleError) -> FillMaskTargets {
    try FillMaskTargets(names, with: texts)
  }

  /// A text made ready to be answered.
  ///
  /// - Parameter targets: those of `options`, if they were looked up before.
  public func query(
    _ text: String, _ options: FillMaskOptions, targets: FillMaskTargets? = nil
  ) throws(ThimbleError) -> FillMaskQuery {
    try FillMaskQuery(text, options, targets: targets, with: texts)
  }

  /// A list of token ids, ends included, made ready to be answered.
  public func query(
    ids: [Int], _ options: FillMaskOptions, targets: FillMaskTargets? = nil
  ) throws(ThimbleError) -> FillMaskQuery {
    try FillMaskQuery(ids: ids, options, targets: targets, with: texts)
  }

  /// Fills every mask of `query`, as `fillMask` does.
  public func answer(_ query: FillMaskQuery) throws(ThimbleError) -> [[Filling]] {
    let readings = try session.read(
      MaskedLanguageModel.self, [(query.sequence, query.scoring(masks: query.positions.indices))])
    return readings.flatMap { $0.enumerated().map { query.fillings($1, mask: $0) } }
  }
}
