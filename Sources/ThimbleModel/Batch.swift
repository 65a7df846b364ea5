internal import ThimbleSystem

/// Token sequences that pass through the encoder together, packed one behind the other without padding.
///
/// Made once for a largest size and refilled: filling allocates nothing.
public final class Batch {
  public let maximumTokens: Int
  let ids: AlignedArray<Int32>
  let positions: AlignedArray<Int32>
  let languages: AlignedArray<Int32>
  let types: AlignedArray<Int32>
  /// Where each sequence begins, and behind the last one where it ends.
  let starts: AlignedArray<Int32>
  public private(set) var tokenCount = 0
  public private(set) var sequenceCount = 0
  private(set) var hasTypes = false
  private(set) var hasLanguages = false

  public init(maximumTokens: Int) throws(ModelError) {
    self.maximumTokens = maximumTokens
    do {
      ids = try AlignedArray(count: maximumTokens)
      positions = try AlignedArray(count: maximumTokens)
      languages = try AlignedArray(count: maximumTokens)
      types = try AlignedArray(count: maximumTokens)
      starts = try AlignedArray(count: maximumTokens + 1)
    } catch { throw .system(error) }
  }

  public func removeAll() {
    tokenCount = 0
    sequenceCount = 0
    hasTypes = false
    hasLanguages = false
  }

  /// Appends a sequence. All sequences of a batch have a language or none has, and likewise with types.
  ///
  /// - Parameters:
  ///   - tokens: at least one id, each of the vocabulary.
  ///   - language: the id of its language, whose embedding is added if the model has any.
  ///   - types: for each token the id whose word embedding is added as its token type, as Hugging Face's XLM does.
  ///   - places: for each token where it stands in its text, where others were left out; nil: 0, 1, 2, …
  /// - Throws: `ModelError.tooManyTokens` if it does not fit any more.
  public func append(
    _ tokens: [Int32], language: Int32? = nil, types sequenceTypes: [Int32]? = nil,
    places: [Int32]? = nil
  ) throws(ModelError) {
    precondition(!tokens.isEmpty, "an empty sequence")
    precondition(sequenceTypes.map { $0.count == tokens.count } ?? true, "one type for each token")
    precondition(places.map { $0.count == tokens.count } ?? true, "one place for each token")
    precondition(
      sequenceCount == 0
        || hasTypes == (sequenceTypes != nil) && hasLanguages == (language != nil),
      "token types or languages for some sequences only")
    guard tokens.count <= maximumTokens - tokenCount else {
      throw .tooManyTokens(found: tokenCount + tokens.count, allowed: maximumTokens)
    }
    hasTypes = sequenceTypes != nil
    hasLanguages = language != nil
    for (index, token) in tokens.enumerated() {
      ids[tokenCount + index] = token
      positions[tokenCount + index] = places?[index] ?? Int32(index)
      languages[tokenCount + index] = language ?? 0
      types[tokenCount + index] = sequenceTypes?[index] ?? 0
    }
    starts[sequenceCount] = Int32(tokenCount)
    tokenCount += tokens.count
    sequenceCount += 1
    starts[sequenceCount] = Int32(tokenCount)
  }

  /// The rows of sequence `sequence` in everything that has a row per token.
  public func rows(ofSequence sequence: Int) -> Range<Int> {
    Int(starts[sequence])..<Int(starts[sequence + 1])
  }

  var longestSequence: Int { (0..<sequenceCount).reduce(0) { max($0, rows(ofSequence: $1).count) } }
}
