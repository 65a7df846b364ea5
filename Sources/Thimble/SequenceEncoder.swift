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

/// A text, or a pair of texts, as an encoder takes it.
public struct SequenceInput: Sendable {
  let ids: [Int32]
  let types: [Int32]?
  let language: Int32?

  /// - Parameter ids: ends included.
  public init(ids: [Int]) {
    self.init(ids: ids.map { Int32(clamping: $0) }, types: nil, language: nil)
  }

  init(ids: [Int32], types: [Int32]?, language: Int32?) {
    self.ids = ids
    self.types = types
    self.language = language
  }
}

/// An encoder with its tokenizer: what is common to everything that is made of whole texts.
public final class SequenceEncoder {
  public let encoder: Encoder
  /// The most sequences that pass through the encoder together.
  public static let maximumSequences = 64
  private let text: ModelText
  private var tokenizer: Tokenizer?
  private let batch: Batch
  private var tokens: [Token] = []

  public init(_ source: ModelSource) throws {
    let configuration = source.provider.configuration
    text = ModelText(
      path: source.path, configuration: configuration,
      tables: source.tokenizer.isEmpty ? nil : try TokenizerTables(view: source.tokenizer),
      longestText: min(configuration.maxPositions, source.maximumTokens))
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
    let encoding = options.convention.encoding(language: options.language)
    if let second {
      try encode(first, second, encoding, truncates: options.truncates)
    } else {
      try text.encode(
        first.utf8.span, encoding, truncates: options.truncates, with: &tokenizer, into: &tokens)
    }
    let addsTypes = options.addsTypes ?? (options.convention == .huggingFace)
    return SequenceInput(
      ids: tokens.map { Int32($0.id) },
      types: addsTypes ? tokens.map { Int32($0.segment) } : nil,
      language: try text.languageID(options.language))
  }

  private func encode(
    _ first: String, _ second: String, _ options: EncodingOptions, truncates: Bool
  ) throws(ThimbleError) {
    guard tokenizer != nil else { throw .noTokenizer(path: text.path) }
    var options = options
    if truncates { options.maximumLength = text.longestText }
    do throws(TextError) {
      try tokenizer?.encode(
        first.utf8.span, pairedWith: second.utf8.span, options, into: &tokens)
    } catch { throw .text(error) }
    guard tokens.count <= text.longestText else {
      throw .tooLong(tokens: tokens.count, limit: text.longestText)
    }
  }

  /// Calls `body` with batches that hold all of `inputs` in order, as many at a time as there is room for.
  func forBatches(
    _ inputs: [SequenceInput], _ body: (Batch) throws(ModelError) -> Void
  ) throws(ThimbleError) {
    do throws(ModelError) {
      batch.removeAll()
      var hasTypes = false
      for input in inputs {
        guard !input.ids.isEmpty else {
          throw .tooManyTokens(found: 0, allowed: batch.maximumTokens)
        }
        let isFull =
          batch.sequenceCount == Self.maximumSequences
          || batch.tokenCount + input.ids.count > batch.maximumTokens
        if batch.sequenceCount > 0 && (isFull || hasTypes != (input.types != nil)) {
          try body(batch)
          batch.removeAll()
        }
        hasTypes = input.types != nil
        try batch.append(input.ids, language: input.language, types: input.types)
      }
      if batch.sequenceCount > 0 { try body(batch) }
    } catch { throw .model(error) }
  }
}
