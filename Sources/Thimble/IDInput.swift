internal import ThimbleArchitecture
internal import ThimbleModel

extension ModelText {
  /// A list of token ids, ends included, for the model.
  ///
  /// Padding is left out, which is what an attention mask does: no token sees it, no mean counts it, and the others keep
  /// their positions. A separator between the ends, if there is just one, begins the second text of a pair.
  ///
  /// - Throws: `ThimbleError.tokenID`, `.noTokens`, `.tooLong`, `.paddingInside`, `.language`.
  public func input(
    ids: [Int], _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> SequenceInput {
    try checkVocabulary(ids)
    var places = ids.indices.filter { ids[$0] != configuration.specialIDs.padding }
    guard let last = places.last else { throw .noTokens }
    if configuration.isCausal, let gap = places.indices.first(where: { places[$0] != $0 }) {
      throw .paddingInside(position: gap)
    }
    var kept = places.map { Int32(ids[$0]) }
    if last >= longestText {
      guard options.truncates else { throw .tooLong(tokens: last + 1, limit: longestText) }
      let count = places.count { $0 < longestText }
      (kept, places) = (cut(kept, to: count), Array(places.prefix(count)))
      guard !kept.isEmpty else { throw .noTokens }
    }
    let isPacked = places.last == places.count - 1
    return SequenceInput(
      ids: kept, types: options.hasTypes ? segments(kept) : nil,
      places: isPacked ? nil : places.map { Int32($0) }, language: try languageID(options.language))
  }

  /// The first `count` tokens; a separator at the end stays there, as in a text that is cut.
  private func cut(_ ids: [Int32], to count: Int) -> [Int32] {
    var cut = Array(ids.prefix(count))
    if let end = ids.last, end == configuration.specialIDs.end, !cut.isEmpty {
      cut[cut.count - 1] = end
    }
    return cut
  }

  /// For each token 0, or 1 behind the separator of a pair.
  private func segments(_ ids: [Int32]) -> [Int32] {
    let end = Int32(configuration.specialIDs.end)
    let inner = ids.indices.dropFirst().dropLast().filter { ids[$0] == end }
    guard inner.count == 1 else { return [Int32](repeating: 0, count: ids.count) }
    return ids.indices.map { $0 > inner[0] ? 1 : 0 }
  }
}
