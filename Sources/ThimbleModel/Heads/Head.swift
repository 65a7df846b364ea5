public import ThimbleArchitecture
public import ThimbleSystem

/// Reads something out of the last hidden states of an encoder: there is one for each kind of answer.
///
/// A head is made once, upon its encoder, with all the memory that its computation takes.
public protocol Head: AnyObject, SendableMetatype {
  /// What is wanted of one sequence.
  associatedtype Query: Sendable
  /// What is read of it.
  associatedtype Reading: Sendable

  /// The heads of checkpoints of which it runs any; none: what every encoder can do.
  static var kinds: [HeadKind] { get }

  /// The query of the smallest sequence, `</s> <mask> </s>`, that shows whether the head works.
  static var probe: Query { get }

  /// The tokens of a sequence whose last hidden states `query` needs, in increasing order; nil: all of them.
  static func rows(of query: Query) -> [Int]?

  /// How many rows of vocabulary scores `query` costs beside the pass itself.
  static func scoredRows(of query: Query) -> Int

  /// Bytes of what is read for `query`.
  static func readingSize(of query: Query, _ configuration: ModelConfiguration) -> Int

  /// What the head takes for itself, and what it may borrow of the encoder.
  static func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory

  /// - Throws: `ModelError.head` if the model has no such head, or one that is not supported.
  init(_ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize) throws(ModelError)

  /// Calls `deliver` for each of `sequences`, in order, with what their queries want.
  ///
  /// - Parameter sequences: `rows` are those of the hidden states that were encoded last, and kept.
  /// - Throws: `ModelError`; `.notFinite` if what goes wrong concerns all. Of one sequence NaN may be delivered.
  func read(
    _ sequences: [(query: Query, rows: Range<Int>)],
    _ deliver: (_ index: Int, _ reading: Reading) -> Void
  ) throws(ModelError)

  /// Whether all of `reading` are finite numbers.
  static func isFinite(_ reading: Reading) -> Bool
}

extension Head {
  public static func scoredRows(of query: Query) -> Int { 0 }

  /// - Throws: `ModelError.head`, which says what the model has instead, unless `provider` has one of `kinds`.
  static func require(of provider: any WeightProvider) throws(ModelError) {
    let heads = provider.heads
    guard !kinds.contains(where: heads.contains), let wanted = kinds.first else { return }
    let configuration = provider.configuration
    func name(_ kind: HeadKind) -> String { kind.className(in: configuration.family) }
    let tensor = configuration.tensors(of: wanted).first?.name ?? "its first tensor"
    let others = heads.map { "\($0.purpose) (\(name($0)))" }.joined(separator: ", and one for ")
    throw .head(
      path: provider.path,
      reason:
        "there is no head for \(wanted.purpose): \(tensor) of \(name(wanted)) is not there. The model has "
        + (heads.isEmpty ? "no head, so it only makes vectors of texts." : "one for \(others).")
    )
  }
}

/// How much heads read at once.
public struct HeadSize: Sendable, Equatable {
  /// Positions that are scored against the vocabulary at once: each takes 4 bytes per token of the vocabulary, and each
  /// further round decodes the output matrix again.
  public var positionsPerRound: Int
  /// Sequences, or tokens, that go through a head's own layers at once.
  public var sequences = 64
  /// What the inputs of int8 weights are rounded to.
  public var activations: ActivationPrecision

  public init(
    positionsPerRound: Int = MaskedLanguageModel.standardPositionsPerRound,
    activations: ActivationPrecision = .int8
  ) {
    self.positionsPerRound = positionsPerRound
    self.activations = activations
  }
}

/// The memory of a head, in bytes.
public struct HeadMemory: Sendable, Equatable {
  /// What it has for itself.
  public var own = 0
  /// What it borrows of the encoder's memory that nothing needs behind the last layer.
  public var borrowed = 0
}

/// All heads that there are.
public enum Heads {
  public static let all: [any Head.Type] = [
    SentencePooling.self, TokenVectors.self, SequenceClassifier.self, MaskedLanguageModel.self,
    TokenClassifier.self, QuestionAnswering.self, MultipleChoice.self,
  ]

  /// Those of `all` that a model with `kinds` has.
  public static func available(_ kinds: [HeadKind]) -> [any Head.Type] {
    all.filter { head in head.kinds.isEmpty || head.kinds.contains(where: kinds.contains) }
  }
}

extension [any Head.Type] {
  /// What all of them take: memory that is borrowed is lent to one at a time.
  func memory(_ configuration: ModelConfiguration, _ size: HeadSize) -> HeadMemory {
    reduce(into: HeadMemory()) { sum, head in
      let memory = head.memory(configuration, size)
      sum.own += memory.own
      sum.borrowed = Swift.max(sum.borrowed, memory.borrowed)
    }
  }
}
