internal import ThimbleSystem

extension TokenizerTables {
  /// Checks every rule of Formats/tokenizer.md that opening the tables leaves to trust.
  ///
  /// Takes time in proportion to the tables: a fraction of a second for 200,000 tokens.
  /// - Throws: `TextError.damagedTables`, naming the first symbol, merge or slot that is wrong.
  public func validate() throws(TextError) {
    try validateBlocks()
    try validateSymbols()
    try validateMerges()
    try chineseWords.validate()
    try chineseModel.validate()
    try thaiWords.validate()
    try validateAddedTokens()
    guard languageText.isEmpty || languageText.utf8String() != nil else {
      throw .damagedTables(reason: "the list of languages is not UTF-8")
    }
  }

  /// The texts of the symbols follow each other without gaps and fill their section.
  private func validateBlocks() throws(TextError) {
    var end = 0
    for symbol in 0..<UInt32(symbolCount) {
      guard let entry = entry(symbol), entry.text.lowerBound == end else {
        throw .damagedTables(reason: "the text of symbol \(symbol) does not begin at byte \(end)")
      }
      end = entry.text.upperBound
    }
    guard end == texts.count else {
      throw .damagedTables(reason: "the texts have \(texts.count) bytes and use \(end)")
    }
  }

  /// Every symbol is found under its own text, and knows whether its merges lead to it.
  private func validateSymbols() throws(TextError) {
    var merger = BytePairMerger()
    var present = 0
    for symbol in 0..<UInt32(symbolCount) {
      guard let entry = entry(symbol) else { continue }
      if entry.isAbsent {
        guard symbol < UInt32(tokenCount) else {
          throw .damagedTables(reason: "symbol \(symbol) has no text")
        }
        continue
      }
      present += 1
      let found = textBytes[entry.text].withSpan {
        self.symbol(of: $0, endsWord: entry.endsWord)
      }
      guard found == symbol else {
        throw .damagedTables(reason: "symbol \(symbol) is not found under its text")
      }
      guard entry.isWhole == isWhole(symbol, entry, &merger) else {
        throw .damagedTables(reason: "the flag of whole words of symbol \(symbol) is wrong")
      }
    }
    let used = index.usedSlotCount()
    guard used == present else {
      throw .damagedTables(reason: "\(used) slots are in use for \(present) symbols")
    }
  }

  /// Whether the merges turn the text of a symbol, as a word, into that token alone.
  func isWhole(_ symbol: UInt32, _ entry: Entry, _ merger: inout BytePairMerger) -> Bool {
    guard entry.endsWord, !entry.text.isEmpty, symbol < UInt32(tokenCount) else { return false }
    textBytes[entry.text].withSpan { merger.load(wordBytes: $0, hash) }
    merger.merge(self)
    return merger.pieces.count == 1 && merger.symbol(0, self) == symbol
  }

  /// Every merge splits its symbol's text in two and has a rank of its own, and the list of those
  /// that do not fit the records is in order.
  private func validateMerges() throws(TextError) {
    var taken = [Bool](repeating: false, count: merges.mergeCount)
    var listed = 0
    for symbol in 0..<UInt32(symbolCount) {
      var isValid = true
      var count = 0
      merges.forEach(symbol) { leftCount, rank in
        count += 1
        let textCount = entry(symbol)?.text.count ?? 0
        isValid =
          isValid && leftCount > 0 && leftCount < textCount && rank < UInt32(taken.count)
          && !taken[Int(rank)] && merges.rank(symbol, leftCount: leftCount) == rank
        if isValid { taken[Int(rank)] = true }
      }
      if merges.isListed(symbol) { listed += count }
      // What is no token is there because merges make it.
      let needsMerge = merges.isListed(symbol) || symbol >= UInt32(tokenCount)
      guard isValid, !needsMerge || count > 0 else {
        throw .damagedTables(reason: "a merge that makes symbol \(symbol) is impossible")
      }
    }
    guard listed == merges.listedCount else {
      throw .damagedTables(
        reason: "the list of merges has \(merges.listedCount) entries and uses \(listed)")
    }
  }

  /// Added tokens exist, are in the order of their texts, and have marks that mean something.
  private func validateAddedTokens() throws(TextError) {
    guard let addedTokens else { return }
    var last: [UInt8] = []
    var heedsNeighbours = false
    for index in 0..<addedTokens.count {
      let record = addedTokens[index]
      let text = withToken(Int(record.id)) { text, endsWord in
        endsWord ? [] : text.indices.map { text[$0] }
      }
      guard let text, !text.isEmpty, last.lexicographicallyPrecedes(text),
        record.marks.isSubset(of: .known)
      else { throw .damagedTables(reason: "added token \(index) is impossible") }
      last = text
      heedsNeighbours = heedsNeighbours || !record.marks.isDisjoint(with: .ofNeighbours)
    }
    guard addedTokens.header == (heedsNeighbours ? 1 : 0) else {
      throw .damagedTables(reason: "what the added tokens heed is not what their section says")
    }
  }
}
