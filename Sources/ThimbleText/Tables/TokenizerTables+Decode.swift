internal import ThimbleSystem

extension TokenizerTables {
  /// Lends the text of a token, without the `</w>` of the end of a word.
  ///
  /// - Returns: what `body` returns, or nil if no token has this id.
  public func withToken<Result: ~Copyable>(
    _ id: Int, _ body: (_ text: Span<UInt8>, _ endsWord: Bool) -> Result
  ) -> Result? {
    guard id >= 0, id < tokenCount, let entry = entry(UInt32(id)), !entry.isAbsent else {
      return nil
    }
    return textBytes[entry.text].withSpan { body($0, entry.endsWord) }
  }

  /// The token as vocab.json spells it, with `</w>` at the end of a word; nil without a token.
  public func token(_ id: Int) -> String? {
    withToken(id) { text, endsWord in
      var bytes: [UInt8] = []
      for index in text.indices { bytes.append(text[index]) }
      return String(decoding: bytes, as: UTF8.self) + (endsWord ? "</w>" : "")
    }
  }

  /// The text of a sequence of tokens, as Hugging Face decodes it: a space after each end of a
  /// word and around added words, none at either end of the text. Ids without a token read `<unk>`.
  ///
  /// - Parameter skipSpecial: Whether `<s>`, `</s>`, `<pad>`, `<unk>` and the others are left out.
  public func decode(_ ids: some Sequence<Int>, skipSpecial: Bool) -> String {
    let specials = SpecialTokens(self)
    var parts: [String] = []
    var bytes: [UInt8] = []
    for id in ids {
      if skipSpecial, specials.contains(id) { continue }
      let standsApart = specials.standsApart(id)
      if standsApart, !bytes.isEmpty {
        let before = Self.stripped(bytes)
        if !before.isEmpty { parts.append(before) }
        bytes.removeAll()
      }
      let found: Void? = withToken(id) { text, endsWord in
        for index in text.indices { bytes.append(text[index]) }
        if endsWord { bytes.append(0x20) }
      }
      if found == nil { bytes += "<unk>".utf8 }
      if standsApart {
        parts.append(String(decoding: bytes, as: UTF8.self))
        bytes.removeAll()
      }
    }
    if !bytes.isEmpty || parts.isEmpty { parts.append(Self.stripped(bytes)) }
    return parts.joined(separator: " ")
  }

  /// A text without the white space at its ends.
  private static func stripped(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
    let isSpace = { (scalar: Unicode.Scalar) in CharacterClass.of(scalar.value).contains(.space) }
    guard let first = text.firstIndex(where: { !isSpace($0) }),
      let last = text.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(text[first...last])
  }
}
