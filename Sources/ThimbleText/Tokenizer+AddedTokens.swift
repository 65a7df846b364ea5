// Finds the tokens that a text is split at: of those that begin at a place, the longest.
extension Tokenizer {
  /// Looks for added tokens under the rules of the latest text.
  mutating func prepareAddedTokens() {
    let mode: AddedTokenSearch =
      lowercasesFirst ? .lowered : lowercases && rulesMode != .pretokenized ? .wordsLowered : .exact
    guard mode != search else { return }
    search = mode
    beginnings = specialTokens.added.beginnings(tables, lowers: mode != .exact)
  }

  /// Whether an added token may begin with `byte`.
  @inline(__always)
  func mayBegin(_ byte: UInt8) -> Bool {
    beginnings[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0
  }

  /// The added token that begins at `index`, or the mask by another spelling, and its length in
  /// bytes.
  func addedToken(
    in text: Span<UInt8>, at index: Int, _ options: EncodingOptions
  ) -> AddedTokenMatch? {
    var best: AddedTokenMatch?
    if mayBegin(text[index]) {
      best = longest(in: text, at: index, lowered: false) { record in
        search != .lowered || record.marks.contains(.keepsCase)
      }
      if search != .exact,
        let other = longest(
          in: text, at: index, lowered: true,
          where: { search == .lowered || !$0.marks.contains(.special) }),
        other.length > best?.length ?? 0
      {
        best = other
      }
    }
    if best == nil, let mask = specialTokens.mask {
      for spelling in options.maskSpellings where Self.has(spelling.utf8.span, text, at: index) {
        return AddedTokenMatch(id: UInt32(mask), marks: .special, length: spelling.utf8.count)
      }
    }
    return best
  }

  private static func has(_ spelling: Span<UInt8>, _ text: Span<UInt8>, at index: Int) -> Bool {
    guard !spelling.isEmpty, index + spelling.count <= text.count else { return false }
    for offset in spelling.indices where text[index + offset] != spelling[offset] { return false }
    return true
  }

  /// The longest token that begins at `index` and is one that `isWanted`.
  private func longest(
    in text: Span<UInt8>, at index: Int, lowered: Bool,
    where isWanted: (AddedTokenList.Record) -> Bool
  ) -> AddedTokenMatch? {
    let list = specialTokens.added
    var (range, depth, position) = (0..<list.count, 0, index)
    var best: AddedTokenMatch?
    while position < text.count, let (scalar, length) = decodeScalar(text, at: position) {
      var value = scalar
      if lowered, CharacterClass.of(scalar).contains(.lowers) {
        let (first, second) = lowerCased(scalar)
        // A capital that becomes two scalars spells no token.
        if second != 0 { return best }
        value = first
      }
      forEachByte(of: value) { byte in
        range = list.narrowed(range, at: depth, to: byte, tables)
        depth += 1
      }
      if range.isEmpty { return best }
      position += length
      // Shorter tokens come before those that they begin.
      let record = list[range.lowerBound]
      if tables.byteCount(ofToken: record.id) == depth, isWanted(record) {
        best = AddedTokenMatch(id: record.id, marks: record.marks, length: position - index)
      }
    }
    return best
  }
}

/// What spells an added token.
enum AddedTokenSearch {
  /// Its own spelling only.
  case exact
  /// What becomes its spelling in lower case, since all text is lower-cased first.
  case lowered
  /// The same, but for special tokens: words are lower-cased.
  case wordsLowered
}

/// An added token in a text.
struct AddedTokenMatch {
  let id: UInt32
  let marks: AddedToken.Marks
  /// Bytes of the text that it takes.
  let length: Int
}

// Some tokens heed the text beside them, which then is known before any of it is split.
extension Tokenizer {
  /// A part of a text: an added token, or what lies between two.
  private struct Piece {
    var range: Range<Int>
    let match: AddedTokenMatch?

    init(_ range: Range<Int>, _ match: AddedTokenMatch? = nil) {
      self.range = range
      self.match = match
    }

    /// nil once a neighbour has become a part of it.
    var token: AddedTokenMatch? { match.flatMap { $0.length == range.count ? $0 : nil } }
  }

  /// Appends the tokens of a text in which added tokens take white space, or are none inside words.
  mutating func appendPieces(
    of text: Span<UInt8>, segment: Int, _ options: EncodingOptions, to tokens: inout [Token]
  ) throws(TextError) {
    var pieces = pieces(of: text, options)
    for index in pieces.indices {
      guard let token = pieces[index].token else { continue }
      applyMarks(token.marks, at: index, &pieces, text)
    }
    for piece in pieces {
      if let token = piece.token {
        tokens.append(
          Token(
            id: token.id, start: UInt32(piece.range.lowerBound),
            end: UInt32(piece.range.upperBound), segment: segment))
        continue
      }
      var index = piece.range.lowerBound
      while index < piece.range.upperBound { index += try collect(text, at: index) }
      appendPiece(segment, to: &tokens)
    }
  }

  private func pieces(of text: Span<UInt8>, _ options: EncodingOptions) -> [Piece] {
    var pieces: [Piece] = []
    var (start, index) = (0, 0)
    while index < text.count {
      // A token never begins inside a scalar.
      guard text[index] & 0xC0 != 0x80, let token = addedToken(in: text, at: index, options) else {
        index += 1
        continue
      }
      if start < index { pieces.append(Piece(start..<index)) }
      pieces.append(Piece(index..<index + token.length, token))
      index += token.length
      start = index
    }
    if start < text.count { pieces.append(Piece(start..<text.count)) }
    return pieces
  }

  /// What Hugging Face does with the neighbours of a token, in its order: they may be tokens too.
  private func applyMarks(
    _ marks: AddedToken.Marks, at index: Int, _ pieces: inout [Piece], _ text: Span<UInt8>
  ) {
    func range(_ index: Int) -> Range<Int>? {
      pieces.indices.contains(index) && !pieces[index].range.isEmpty ? pieces[index].range : nil
    }
    let (left, right) = (range(index - 1), range(index + 1))
    if marks.contains(.stripsRight), let right, pieces[index + 1].match == nil {
      pieces[index + 1].range = Self.withoutSpace(text, before: right)..<right.upperBound
    }
    if marks.contains(.stripsLeft), let left, pieces[index - 1].match == nil {
      pieces[index - 1].range = left.lowerBound..<Self.withoutSpace(text, behind: left)
    }
    guard marks.contains(.singleWord) else { return }
    let own = pieces[index].range
    if let left, text[left.upperBound - 1] != 0x20 {
      pieces[index - 1].range = left.lowerBound..<own.upperBound
      pieces[index].range = own.upperBound..<own.upperBound
    } else if let right, text[right.lowerBound] != 0x20 {
      pieces[index + 1].range = own.lowerBound..<right.upperBound
      pieces[index].range = own.lowerBound..<own.lowerBound
    }
  }

  /// Where `range` begins without the white space at its beginning.
  private static func withoutSpace(_ text: Span<UInt8>, before range: Range<Int>) -> Int {
    var index = range.lowerBound
    while index < range.upperBound, let (scalar, length) = decodeScalar(text, at: index),
      CharacterClass.of(scalar).contains(.space)
    {
      index += length
    }
    return index
  }

  /// Where `range` ends without the white space at its end.
  private static func withoutSpace(_ text: Span<UInt8>, behind range: Range<Int>) -> Int {
    var end = range.upperBound
    while end > range.lowerBound {
      var start = end - 1
      while start > range.lowerBound, text[start] & 0xC0 == 0x80 { start -= 1 }
      guard let (scalar, length) = decodeScalar(text, at: start), start + length == end,
        CharacterClass.of(scalar).contains(.space)
      else { break }
      end = start
    }
    return end
  }
}
