public import ThimbleModel

/// Fills a batch with sequences, one behind the other: the one place where that is done.
///
///     if !packer.fits(sequence) { try run(packer) }   // which ends with packer.removeAll()
///     try packer.append(sequence, tag)
///
/// `Tag` is what the caller wants to know of each sequence when the batch has run.
public struct BatchPacker<Tag> {
  public let batch: Batch
  /// What came with each sequence of the batch, in its order.
  public private(set) var tags: [Tag] = []
  private var last: SequenceInput?
  private let tokens: Int

  /// - Parameter tokens: how far batches are filled; nil: as far as they go. A longer sequence goes alone.
  public init(_ batch: Batch, tokens: Int? = nil) {
    self.batch = batch
    self.tokens = tokens ?? batch.maximumTokens
    batch.removeAll()
  }

  public var isEmpty: Bool { tags.isEmpty }

  /// Whether `sequence` may join those that are there.
  public func fits(_ sequence: SequenceInput) -> Bool {
    guard let last else { return true }
    return batch.tokenCount + sequence.ids.count <= tokens && last.fits(with: sequence)
  }

  /// - Returns: the rows of the sequence in everything that has a row per token.
  /// - Throws: `ModelError.tooManyTokens` for an empty sequence, and for one that is longer than any batch.
  @discardableResult
  public mutating func append(
    _ sequence: SequenceInput, _ tag: Tag
  ) throws(ModelError) -> Range<Int> {
    guard !sequence.ids.isEmpty else {
      throw .tooManyTokens(found: 0, allowed: batch.maximumTokens)
    }
    try batch.append(
      sequence.ids, language: sequence.language, types: sequence.types, places: sequence.places)
    tags.append(tag)
    last = sequence
    return batch.rows(ofSequence: tags.count - 1)
  }

  public mutating func removeAll() {
    batch.removeAll()
    tags.removeAll(keepingCapacity: true)
    last = nil
  }
}
