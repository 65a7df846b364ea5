public import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// Tokens that go through the model as one text.
public struct InputSequence: Sendable, Equatable {
  /// At least one id, ends included.
  public var ids: [Int32]
  /// The id of the language whose embedding is added; nil for models to which it does not matter.
  public var language: Int32?
  /// Whether the word embedding of id 0 is added everywhere, as Hugging Face's token types do.
  public var hasTypes: Bool

  public init(ids: [Int32], language: Int32? = nil, hasTypes: Bool = false) {
    self.ids = ids
    self.language = language
    self.hasTypes = hasTypes
  }

  /// Whether both may be in one pass.
  public func fits(with other: InputSequence) -> Bool {
    (language == nil) == (other.language == nil) && hasTypes == other.hasTypes
  }
}

/// A token of a pass by the sequence that it is in.
public struct PassPosition: Sendable, Equatable {
  public let sequence: Int
  /// The token's index in its sequence.
  public let index: Int

  public init(sequence: Int, index: Int) {
    self.sequence = sequence
    self.index = index
  }
}

extension LanguageModel {
  /// The most tokens that a pass takes, of all its sequences together.
  public var passCapacity: Int { batch.maximumTokens }

  /// Runs `sequences`, which fit with each other, in one pass, and calls `body` with the logits at each of `positions`,
  /// in order. Whatever else is in the pass, a sequence gets the same bits.
  public func run(
    _ sequences: [InputSequence], scoring positions: [PassPosition],
    _ body: (_ index: Int, _ logits: Logits) -> Void
  ) throws(ThimbleError) {
    do throws(ModelError) {
      batch.removeAll()
      for sequence in sequences {
        try batch.append(
          sequence.ids, language: sequence.language,
          types: sequence.hasTypes ? [Int32](repeating: 0, count: sequence.ids.count) : nil)
      }
      try masked.score(
        batch, at: positions.map { batch.rows(ofSequence: $0.sequence).lowerBound + $0.index }, body
      )
    } catch { throw .model(error) }
  }

  /// The mean of the last hidden states of a sequence of the pass before, summed in order.
  public func meanHiddenState(ofSequence sequence: Int) -> [Float] {
    let (rows, hidden) = (batch.rows(ofSequence: sequence), masked.encoder.hidden)
    var sum = [Float](repeating: 0, count: hidden.width)
    for row in rows {
      hidden.values.withSpan(row * hidden.stride..<row * hidden.stride + hidden.width) { span in
        for column in span.indices { sum[column] += span[column] }
      }
    }
    return sum.map { $0 / Float(rows.count) }
  }
}
