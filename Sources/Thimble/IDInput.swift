internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleText

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
      (kept, places) = cut(kept, places, from: options.truncationSide)
      guard !kept.isEmpty else { throw .noTokens }
    }
    let isPacked = places.last == places.count - 1
    return SequenceInput(
      ids: kept, types: options.hasTypes ? segments(kept) : nil,
      places: isPacked ? nil : places.map { Int32($0) }, language: try languageID(options.language))
  }

  /// The tokens at the first `longestText` places or, cut from the left, at the last ones, which move to the front. A token that
  /// marks the end that is cut stays there, as in a text.
  ///
  /// - Parameter places: where `ids` stand, the last of them too far behind.
  private func cut(
    _ ids: [Int32], _ places: [Int], from side: TruncationSide
  ) -> (ids: [Int32], places: [Int]) {
    let special = configuration.specialIDs
    switch side {
    case .right:
      var cut = Array(ids.prefix(places.count { $0 < longestText }))
      if let end = ids.last, end == special.end, !cut.isEmpty { cut[cut.count - 1] = end }
      return (cut, Array(places.prefix(cut.count)))
    case .left:
      let excess = places[places.count - 1] + 1 - longestText
      var cut = Array(ids.suffix(places.count { $0 >= excess }))
      if let mark = ids.first, [special.beginning, special.end].contains(Int(mark)) {
        cut[0] = mark
      }
      return (cut, places.suffix(cut.count).map { $0 - excess })
    }
  }

  /// For each token 0, or 1 behind the separator of a pair.
  private func segments(_ ids: [Int32]) -> [Int32] {
    let end = Int32(configuration.specialIDs.end)
    let inner = ids.indices.dropFirst().dropLast().filter { ids[$0] == end }
    guard inner.count == 1 else { return [Int32](repeating: 0, count: ids.count) }
    return ids.indices.map { $0 > inner[0] ? 1 : 0 }
  }
}
