internal import ThimbleSystem

extension Tokenizer {
  /// The special token that begins at `index`, and its length in bytes.
  func specialToken(
    in text: Span<UInt8>, at index: Int, _ options: EncodingOptions
  ) -> (id: Int, length: Int)? {
    if let mask = specialTokens.mask {
      for spelling in options.maskSpellings where Self.has(spelling.utf8.span, text, at: index) {
        return (mask, spelling.utf8.count)
      }
    }
    guard text[index] == 0x3C else { return nil }
    for (name, id) in zip(SpecialTokens.names, specialTokens.ids) {
      if let id, let length = length(of: name.utf8.span, text, at: index) { return (id, length) }
    }
    return nil
  }

  private static func has(_ spelling: Span<UInt8>, _ text: Span<UInt8>, at index: Int) -> Bool {
    guard !spelling.isEmpty, index + spelling.count <= text.count else { return false }
    for offset in spelling.indices where text[index + offset] != spelling[offset] { return false }
    return true
  }

  /// The number of bytes at `index` that spell an ASCII `name`; capitals do too where the
  /// vocabulary has lower case.
  private func length(of name: Span<UInt8>, _ text: Span<UInt8>, at index: Int) -> Int? {
    var position = index
    for offset in name.indices {
      guard position < text.count, let (scalar, length) = decodeScalar(text, at: position) else {
        return nil
      }
      let lowers = lowercasesFirst && CharacterClass.of(scalar).contains(.lowers)
      // A capital that becomes two scalars spells no ASCII letter.
      let (first, second) = lowers ? lowerCased(scalar) : (scalar, 0)
      guard first == UInt32(name[offset]), second == 0 else { return nil }
      position += length
    }
    return position - index
  }

  /// Appends the tokens of the text collected since the last special token, and forgets it.
  mutating func appendPiece(_ segment: Int, to tokens: inout [Token]) {
    guard !text.scalars.isEmpty else { return }
    if rulesMode == .pretokenized {
      text.splitAtWhiteSpace(words: &words)
    } else {
      let isChinese = rulesLanguage == "zh" && chinese != nil
      if isChinese { spaceOutChinese() }
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
      if tables.lowercases, rulesMode != .pretokenized {
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
    pairing.removeAll()
    for index in word { pairing.append(scalars[index].value, tables.hash) }
    pairing.merge(tables)
    for index in pairing.pieces.indices {
      let first = word.lowerBound + Int(pairing.pieces[index].scalar)
      let end =
        index + 1 < pairing.pieces.count
        ? scalars[word.lowerBound + Int(pairing.pieces[index + 1].scalar) - 1].end : last
      let symbol = pairing.symbol(index, tables) ?? .max
      let id = symbol < UInt32(tables.tokenCount) ? symbol : UInt32(specialTokens.unknown)
      tokens.append(Token(id: id, start: scalars[first].start, end: end, segment: segment))
    }
  }
}
