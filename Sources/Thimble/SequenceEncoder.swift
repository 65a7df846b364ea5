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
  public let path: String
  public let encoder: Encoder
  /// The most sequences that pass through the encoder together.
  public static let maximumSequences = 64
  private let tables: TokenizerTables?
  private var tokenizer: Tokenizer?
  private let batch: Batch
  private var tokens: [Token] = []

  public init(_ source: ModelSource) throws {
    path = source.path
    tables = source.tokenizer.isEmpty ? nil : try TokenizerTables(view: source.tokenizer)
    tokenizer = tables.map { Tokenizer(tables: $0) }
    encoder = try Encoder(
      source.provider, maximumTokens: source.maximumTokens,
      pool: ComputePool(threadCount: source.threads), kernels: source.kernels)
    batch = try Batch(maximumTokens: source.maximumTokens)
  }

  /// `text`, or `text` and `second` as a pair, in tokens.
  public func input(
    _ text: String, pairedWith second: String? = nil, _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> SequenceInput {
    guard tables != nil else { throw .noTokenizer(path: path) }
    let longest = min(encoder.configuration.maxPositions, batch.maximumTokens)
    var encoding = options.convention.encoding(language: options.language)
    try encode(text, second, encoding)
    if tokens.count > longest {
      guard options.truncates else { throw .tooLong(tokens: tokens.count, limit: longest) }
      encoding.maximumLength = longest
      try encode(text, second, encoding)
    }
    let addsTypes = options.addsTypes ?? (options.convention == .huggingFace)
    return SequenceInput(
      ids: tokens.map { Int32($0.id) },
      types: addsTypes ? tokens.map { Int32($0.segment) } : nil,
      language: try options.language.flatMap { name throws(ThimbleError) in try languageID(name) })
  }

  private func encode(
    _ text: String, _ second: String?, _ options: EncodingOptions
  ) throws(ThimbleError) {
    do throws(TextError) {
      if let second {
        try tokenizer?.encode(
          text.utf8.span, pairedWith: second.utf8.span, options, into: &tokens)
      } else {
        try tokenizer?.encode(text.utf8.span, options, into: &tokens)
      }
    } catch { throw .text(error) }
  }

  private func languageID(_ name: String) throws(ThimbleError) -> Int32? {
    let configuration = encoder.configuration
    guard configuration.hasLanguageEmbeddings else { return nil }
    guard let id = configuration.languageID(name) else {
      throw .language(name, known: configuration.languages.map(\.name))
    }
    return Int32(id)
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
