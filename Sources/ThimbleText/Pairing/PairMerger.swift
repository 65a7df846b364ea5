internal import ThimbleSystem

/// Byte pair encoding of one word.
///
/// As long as some neighbours merge, the pair with the lowest rank is merged wherever it occurs,
/// from left to right; then the ranks are looked at anew. Merges come from untrusted tables, so
/// nothing is assumed of them: every round shortens the word, which bounds the work.
struct PairMerger {
  /// A part of the word on its way to become a token.
  struct Piece {
    /// Where it begins among the bytes and the scalars of the word.
    var byte: UInt32
    var scalar: UInt32
    /// The symbol that merges made, `none` for a single scalar.
    var symbol: UInt32
    /// The rank of the merge with the next piece, and what it makes.
    var rank: UInt32
    var result: UInt32
  }

  static let none = UInt32.max
  private(set) var pieces: [Piece] = []
  /// The bytes of the word, and the hash numbers of its beginnings.
  private var bytes: [UInt8] = []
  private var numbers: [UInt64] = [0]
  private var queue = MergeQueue()

  /// Longer words go through a queue, whose work grows as n log n and not as n squared.
  private static let queueThreshold = 48

  mutating func removeAll() {
    pieces.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    numbers.removeLast(numbers.count - 1)
  }

  /// Gives memory back after an unusually long word.
  mutating func shrink(to capacity: Int) {
    if bytes.capacity > capacity { self = PairMerger() }
  }

  /// Adds one scalar to the word.
  @inline(__always)
  mutating func append(_ scalar: UInt32, _ hash: TextHash) {
    pieces.append(
      Piece(
        byte: UInt32(bytes.count), scalar: UInt32(pieces.count), symbol: Self.none,
        rank: Self.none, result: 0))
    var number = numbers[numbers.count - 1]
    forEachByte(of: scalar) { byte in
      bytes.append(byte)
      number = hash.extended(number, by: byte)
      numbers.append(number)
    }
  }

  /// Takes a word of UTF-8 bytes; what is not UTF-8 stays unknown.
  mutating func load(wordBytes: Span<UInt8>, _ hash: TextHash) {
    removeAll()
    var index = 0
    while index < wordBytes.count {
      let (scalar, length) = decodeScalar(wordBytes, at: index) ?? (0x1F_FFFF, 1)
      index += length
      append(scalar, hash)
    }
  }

  /// The symbol of the whole word, found without merging.
  func wholeWord(_ tables: borrowing TokenizerTables) -> UInt32? {
    symbol(0..<bytes.count, endsWord: true, tables)
  }

  /// The symbol of a piece, or nil if it is none.
  func symbol(_ index: Int, _ tables: borrowing TokenizerTables) -> UInt32? {
    if pieces[index].symbol != Self.none { return pieces[index].symbol }
    let isLast = index + 1 == pieces.count
    return symbol(
      Int(pieces[index].byte)..<(isLast ? bytes.count : Int(pieces[index + 1].byte)),
      endsWord: isLast, tables)
  }

  @inline(__always)
  private func symbol(
    _ range: Range<Int>, endsWord: Bool, _ tables: borrowing TokenizerTables
  ) -> UInt32? {
    guard range.count <= TextHash.longestText else { return nil }
    let number = tables.hash.part(
      from: numbers[range.lowerBound], to: numbers[range.upperBound], count: range.count)
    return tables.symbol(number, bytes.span.extracting(range), endsWord: endsWord)
  }

  /// Merges as long as the tables have a merge.
  mutating func merge(_ tables: borrowing TokenizerTables) {
    guard pieces.count > 1 else { return }
    for index in 0..<pieces.count - 1 {
      look(index, index + 1, end: index + 2 < pieces.count ? pieces[index + 2].byte : nil, tables)
    }
    if pieces.count > Self.queueThreshold {
      mergeWithQueue(tables)
    } else {
      while true {
        var lowest = Self.none
        for piece in pieces where piece.rank < lowest { lowest = piece.rank }
        if lowest == Self.none { return }
        mergeAll(lowest, tables)
      }
    }
  }

  /// Looks up the merge of two neighbours, the second of which ends at byte `end` or with the word.
  @inline(__always)
  private mutating func look(
    _ left: Int, _ right: Int, end: UInt32?, _ tables: borrowing TokenizerTables
  ) {
    let range = Int(pieces[left].byte)..<(end.map { Int($0) } ?? bytes.count)
    let leftCount = Int(pieces[right].byte) - range.lowerBound
    pieces[left].rank = Self.none
    if let symbol = symbol(range, endsWord: end == nil, tables),
      let rank = tables.merges.rank(symbol, leftCount: leftCount)
    {
      pieces[left].rank = rank
      pieces[left].result = symbol
    }
  }

  /// Merges every pair of one rank from left to right, and moves the pieces together.
  private mutating func mergeAll(_ rank: UInt32, _ tables: borrowing TokenizerTables) {
    var read = 0
    var write = 0
    var previousIsNew = false
    while read < pieces.count {
      let isNew = pieces[read].rank == rank && read + 1 < pieces.count
      let last = read + (isNew ? 1 : 0)
      var piece = pieces[read]
      if isNew {
        piece.symbol = piece.result
        piece.rank = pieces[last].rank
        piece.result = pieces[last].result
      }
      pieces[write] = piece
      if write > 0, isNew || previousIsNew {
        let end = last + 1 < pieces.count ? pieces[last + 1].byte : nil
        look(write - 1, write, end: end, tables)
      }
      previousIsNew = isNew
      read = last + 1
      write += 1
    }
    pieces.removeLast(pieces.count - write)
    pieces[write - 1].rank = Self.none
  }

  /// The same for long words: pieces stay where they are, linked to their neighbours.
  private mutating func mergeWithQueue(_ tables: borrowing TokenizerTables) {
    queue.reset(count: pieces.count)
    for index in pieces.indices where pieces[index].rank != Self.none {
      queue.push(rank: pieces[index].rank, index)
    }
    while let (rank, index) = queue.pop() {
      // Entries go stale when a neighbour is merged away.
      guard queue.isAlive(index), pieces[index].rank == rank else { continue }
      pieces[index].symbol = pieces[index].result
      queue.removeNext(of: index)
      pieces[index].rank = Self.none
      if let next = queue.next(of: index) { update(index, next, tables) }
      if let previous = queue.previous(of: index) { update(previous, index, tables) }
    }
    var write = 0
    for index in pieces.indices where queue.isAlive(index) {
      pieces[write] = pieces[index]
      write += 1
    }
    pieces.removeLast(pieces.count - write)
  }

  private mutating func update(_ left: Int, _ right: Int, _ tables: borrowing TokenizerTables) {
    look(left, right, end: queue.next(of: right).map { pieces[$0].byte }, tables)
    if pieces[left].rank != Self.none { queue.push(rank: pieces[left].rank, left) }
  }
}
