public import ThimbleArchitecture
public import ThimbleModel
public import ThimbleText

/// A model that fills masks, with its tokenizer.
///
///     let model = try LanguageModel(path: "xlm.thimble")
///     let fillings = try model.fillMask("Paris is the <mask> of France.")
///
/// One text at a time; not for several threads at once, since it uses them itself.
public final class LanguageModel {
  public let session: Session
  /// Makes tokens of texts.
  public let texts: TextEncoder

  /// The file or checkpoint that it was opened from.
  public var path: String { session.path }
  /// What of the memory goes where; nil for a checkpoint that is run in place.
  public var plan: MemoryPlan? { session.plan }
  public var configuration: ModelConfiguration { session.configuration }
  /// What lies between texts and token ids.
  public var text: ModelText { session.text }
  /// nil if the model came without vocabulary.
  public var tables: TokenizerTables? { text.tables }
  /// The most tokens that a text may have, its ends included.
  public var longestText: Int { text.longestText }

  /// Opens the .thimble file at `path`.
  public convenience init(path: String, options: RunOptions = RunOptions()) throws {
    try self.init(.file(path, options: options, heads: [MaskedLanguageModel.self]))
  }

  /// A model with the weights and tokenizer of `source`.
  ///
  /// - Throws: `ModelError.head` if it has no head that scores the vocabulary.
  public init(_ source: ModelSource) throws {
    session = try Session(source, needing: MaskedLanguageModel.self)
    texts = TextEncoder(session.text)
  }
}
