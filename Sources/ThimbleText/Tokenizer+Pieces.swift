internal import ThimbleSystem

extension Tokenizer {
  /// Appends the tokens of the text collected since the last special token, and forgets it.
  mutating func appendPiece(_ segment: Int, to tokens: inout [Token]) {
    guard !text.scalars.isEmpty else { return }
    if rulesMode == .pretokenized {
      text.splitAtWhiteSpace(words: &words)
    } else {
      let isChinese = rulesLanguage == "zh" && chinese != nil
      if isChinese { spaceOutChinese() }
      if let lowercasesFrench { text.prepareFrench(lowercases: lowercasesFrench) }
      text.replacePunctuation()
      text.normalize(rules)
      text.removeControls(rules.controls)
      if rules.foldsRomanian { text.foldRomanian() }
      if isChinese {
        text.splitAtWhiteSpace(words: &words)
      } else if rulesLanguage == "th", thai != nil {
        let scalars = text.scalars
        thai?.segment(scalars.span, words: &words)
      } else {
        text.splitIntoWords(rules, words: &words, bytes: &bytes)
      }
    }
    for word in words {
      if lowercases, rulesMode != .pretokenized {
        folder.fold(text.scalars, word)
        appendWord(folder.scalars, folder.scalars.indices, segment, to: &tokens)
      } else {
        appendWord(text.scalars, word, segment, to: &tokens)
      }
    }
    text.removeAll()
  }

  /// Puts spaces between the words of Chinese text.
  private mutating func spaceOutChinese() {
    let scalars = text.scalars
    text.removeAll()
    chinese?.segment(scalars.span) { word in
      if let last = text.scalars.last { text.append(last.spaceAfter) }
      for index in word { text.append(scalars[index]) }
    }
  }

  /// Appends the tokens of one word.
  private mutating func appendWord(
    _ scalars: [SourceScalar], _ word: Range<Int>, _ segment: Int, to tokens: inout [Token]
  ) {
    guard !word.isEmpty else { return }
    let last = scalars[word.upperBound - 1].end
    // Most words of ordinary text are tokens that the merges are known to lead to.
    if let symbol = tables.wholeWord(scalars, word) {
      tokens.append(
        Token(id: symbol, start: scalars[word.lowerBound].start, end: last, segment: segment))
      return
    }
    merger.removeAll()
    for index in word { merger.append(scalars[index].value, tables.hash) }
    merger.merge(tables)
    for index in merger.pieces.indices {
      let first = word.lowerBound + Int(merger.pieces[index].scalar)
      let end =
        index + 1 < merger.pieces.count
        ? scalars[word.lowerBound + Int(merger.pieces[index + 1].scalar) - 1].end : last
      let symbol = merger.symbol(index, tables) ?? .max
      let id = symbol < UInt32(tables.tokenCount) ? symbol : UInt32(specialTokens.unknown)
      tokens.append(Token(id: id, start: scalars[first].start, end: end, segment: segment))
    }
  }
}
