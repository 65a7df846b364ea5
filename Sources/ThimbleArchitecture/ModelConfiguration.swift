/// Everything about an encoder of the family of XLM but its weights and its tokenizer.
///
/// The converter reads it from a checkpoint and writes it into the .thimble file; the runtime reads
/// it back from there. Both derive the tensors of the model from it.
public struct ModelConfiguration: Sendable, Equatable {
  public var family: Family
  /// The width of the model: values per token.
  public var embeddingSize: Int
  public var layerCount: Int
  /// Attention heads of one layer; divides `embeddingSize`.
  public var headCount: Int
  public var vocabularySize: Int
  /// The longest sequence, in tokens: rows of the position table.
  public var maxPositions: Int
  public var languageCount: Int
  /// Whether the configuration asks for a language table. See `hasLanguageEmbeddings`.
  public var usesLanguageEmbeddings: Bool
  public var layerNormEpsilon: Double
  /// Whether a token sees only those before it.
  public var isCausal: Bool
  public var activation: Activation
  /// Whether layers normalise what each of their blocks reads (pre-norm), and nothing behind the last one; else they
  /// normalise what each block has made. Only FlauBERT has such models.
  public var isPreNorm: Bool
  /// Whether the output matrix of the language model is the token embedding matrix.
  public var tiesOutputEmbedding: Bool

  public var specialIDs: SpecialIDs
  /// In the order of their ids. Empty if the checkpoint names none.
  public var languages: [Language]
  /// The names of the classes of a classification head, in the order of their ids.
  public var labels: [String]
  /// What the outputs of a classification head mean; nil if the checkpoint does not say.
  public var problemType: ProblemType?
  public var summary: Summary
  /// How many starts and ends of an answer the beam head of question answering keeps.
  public var startTopCount: Int
  public var endTopCount: Int

  /// What a model is called, by `model_type`. The tensors and heads are the same.
  public enum Family: String, Sendable, CaseIterable {
    case xlm, flaubert

    /// What its users call it.
    public var name: String { self == .xlm ? "XLM" : "FlauBERT" }
    /// What the names of its classes at Hugging Face begin with.
    public var classPrefix: String { self == .xlm ? "XLM" : "Flaubert" }
  }

  public enum Activation: String, Sendable {
    /// The exact one, with the error function.
    case gelu
    case relu
  }

  /// The ids of the tokens with a meaning of their own.
  public struct SpecialIDs: Sendable, Equatable {
    public var beginning = 0
    public var end = 1
    public var padding = 2
    public var unknown = 3
    public var mask = 5
  }

  public struct Language: Sendable, Equatable {
    public var name: String
    public var id: Int

    public init(name: String, id: Int) {
      self.name = name
      self.id = id
    }
  }

  public enum ProblemType: String, Sendable {
    case regression
    case singleLabel = "single_label_classification"
    case multiLabel = "multi_label_classification"
  }

  /// How a classification head makes one vector of a sequence.
  public struct Summary: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
      case first, last, mean
      case classIndex = "cls_index"
      case attention = "attn"
    }

    public var kind = Kind.first
    /// Whether a linear layer follows.
    public var usesProjection = true
    /// Whether that layer has one output a label rather than `embeddingSize`.
    public var projectsToLabels = true
    /// The name of the function that follows, for example "tanh".
    public var activation: String?
  }

  /// Values of one head.
  public var headSize: Int { embeddingSize / headCount }

  /// Values between the two layers of a feed-forward block. No checkpoint says otherwise.
  public var feedForwardSize: Int { 4 * embeddingSize }

  /// Whether the model adds a vector for the language: a table of one language is never made.
  public var hasLanguageEmbeddings: Bool { usesLanguageEmbeddings && languageCount > 1 }

  /// The id of the language called `name`.
  public func languageID(_ name: String) -> Int? {
    languages.first { $0.name.utf8.elementsEqual(name.utf8) }?.id
  }
}
