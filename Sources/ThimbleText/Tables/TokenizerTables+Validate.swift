internal import ThimbleSystem

extension TokenizerTables {
  /// Checks every rule of Formats/tokenizer.md that opening the tables leaves to trust.
  ///
  /// Takes time in proportion to the tables: a fraction of a second for 200,000 tokens.
  /// - Throws: `TextError.damagedTables`, naming the first symbol, merge or slot that is wrong.
  public func validate() throws(TextError) {
    try validateBlocks()
    try validateSlots(symbolIndex, count: symbolCount, "symbol")
    try validateSlots(mergeIndex, count: mergeCount, "merge")
    try validateSymbols()
    try validateMerges()
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

  private func validateSlots(
    _ index: SlotTable, count: Int, _ kind: String
  ) throws(TextError) {
    var used = 0
    for position in 0..<index.slots.count where index.slots[position] != SlotTable.empty {
      used += 1
      guard index.slots[position] & SlotTable.noIndex < UInt32(count) else {
        throw .damagedTables(reason: "\(kind) slot \(position) holds an impossible index")
      }
    }
    guard used <= count else {
      throw .damagedTables(reason: "\(used) \(kind) slots are in use for \(count) entries")
    }
  }

  /// Every symbol is found under its own text, and knows whether its merges lead to it.
  private func validateSymbols() throws(TextError) {
    var pairing = PairMerger()
    for symbol in 0..<UInt32(symbolCount) {
      guard let entry = entry(symbol) else { continue }
      if entry.isAbsent {
        guard symbol < UInt32(tokenCount) else {
          throw .damagedTables(reason: "symbol \(symbol) has no text")
        }
        continue
      }
      let found = textBytes[entry.text].withSpan {
        self.symbol(of: $0, endsWord: entry.endsWord)
      }
      guard found == symbol else {
        throw .damagedTables(reason: "symbol \(symbol) is not found under its text")
      }
      guard entry.isWhole == isWhole(symbol, entry, &pairing) else {
        throw .damagedTables(reason: "the flag of whole words of symbol \(symbol) is wrong")
      }
    }
  }

  /// Whether the merges turn the text of a symbol, as a word, into that token alone.
  func isWhole(_ symbol: UInt32, _ entry: Entry, _ pairing: inout PairMerger) -> Bool {
    guard entry.endsWord, !entry.text.isEmpty, symbol < UInt32(tokenCount) else { return false }
    textBytes[entry.text].withSpan { pairing.load(wordBytes: $0, self) }
    pairing.merge(self)
    return pairing.symbols.count == 1 && pairing.symbols[0] == symbol
  }

  /// Every merge joins the spellings of two symbols to that of a third, and is found.
  private func validateMerges() throws(TextError) {
    for rank in 0..<mergeCount where merges[rank] != .max {
      let record = merges[rank]
      let none = UInt64(SlotTable.noIndex)
      let left = UInt32(record & none)
      let right = UInt32(record >> 21 & none)
      let joined = spelling(left) + spelling(right)
      guard record >> 63 == 0, !joined.isEmpty,
        joined == spelling(UInt32(record >> 42 & none))
      else {
        throw .damagedTables(reason: "merge \(rank) does not make what its parts spell")
      }
      // Of equal pairs the last one counts.
      guard let found = merge(left, right), found.rank >= UInt32(rank) else {
        throw .damagedTables(reason: "merge \(rank) is not found under its pair")
      }
    }
  }

  private func spelling(_ symbol: UInt32) -> [UInt8] {
    guard let entry = entry(symbol) else { return [] }
    return textBytes[entry.text].bytes() + (entry.endsWord ? Array("</w>".utf8) : [])
  }
}
