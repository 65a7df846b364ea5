internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

/// How a text is put into a model that makes something of whole texts.
public struct TextOptions: Sendable {
  /// Whose way is followed.
  public var convention = Convention.training
  /// Whether the word embedding of the segment's number is added to every token. nil: as the convention does. Models that were
  /// fine-tuned with Hugging Face's older scripts want its tokens without its types.
  public var addsTypes: Bool?
  /// The language of the text. Models with language embeddings use it.
  public var language: String?
  /// Whether a text that is too long is cut.
  public var truncates = false

  public init() {}
}

/// An encoder with its tokenizer: what is common to everything that is made of whole texts.
public final class SequenceEncoder {
  public let encoder: Encoder
  /// The most sequences that pass through the encoder together.
  public static let maximumSequences = 64
  /// What lies between texts and token ids.
  public let text: ModelText
  private var tokenizer: Tokenizer?
  private let batch: Batch

  public init(_ source: ModelSource) throws {
    text = try ModelText(source)
    tokenizer = text.makeTokenizer()
    encoder = try Encoder(
      source.provider, maximumTokens: source.maximumTokens, activations: source.activations,
      pool: ComputePool(threadCount: source.threads), kernels: source.kernels)
    batch = try Batch(maximumTokens: source.maximumTokens)
  }

  /// `first`, or `first` and `second` as a pair, in tokens.
  public func input(
    _ first: String, pairedWith second: String? = nil, _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> SequenceInput {
    try text.input(first, pairedWith: second, options, with: &tokenizer)
  }

  /// A list of token ids, ends included; see `ModelText.input(ids:)`.
  public func input(
    ids: [Int], _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> SequenceInput {
    try text.input(ids: ids, options)
  }

  /// Calls `body` with batches that hold all of `inputs` in order, as many at a time as there is room for.
  func forBatches(
    _ inputs: [SequenceInput], _ body: (Batch) throws(ModelError) -> Void
  ) throws(ThimbleError) {
    do throws(ModelError) {
      batch.removeAll()
      var last: SequenceInput?
      for input in inputs {
        guard !input.ids.isEmpty else {
          throw .tooManyTokens(found: 0, allowed: batch.maximumTokens)
        }
        let isFull =
          batch.sequenceCount == Self.maximumSequences
          || batch.tokenCount + input.ids.count > batch.maximumTokens
        if let last, batch.sequenceCount > 0, isFull || !last.fits(with: input) {
          try body(batch)
          batch.removeAll()
        }
        last = input
        try batch.append(input)
      }
      if batch.sequenceCount > 0 { try body(batch) }
    } catch { throw .model(error) }
  }
}
