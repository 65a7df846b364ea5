public import ThimbleText

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
  /// Where it is cut.
  public var truncationSide = TruncationSide.right

  public init() {}

  var hasTypes: Bool { addsTypes ?? (convention == .huggingFace) }

  /// The rules that split the text, and where it is cut.
  public var encoding: EncodingOptions {
    var encoding = convention.encoding(language: language)
    encoding.truncationSide = truncationSide
    return encoding
  }
}
