internal import ThimbleSystem

/// Byte pair encoding of one word.
///
/// As long as some neighbours merge, the pair with the lowest rank is merged wherever it occurs,
/// from left to right; then the ranks are looked at anew. Merges come from untrusted tables, so
/// nothing is assumed of them: every round shortens the word, which bounds the work.
struct BytePairMerger {
  /// A part of the word on its way to become a token.
  struct Piece {
    /// Where it begins among the bytes and the scalars of the word.
    var byte: UInt32
    var scalar: UInt32
    /// The symbol that merges made, `none` for a single scalar.
    var symbol: UInt32
    /// The rank of the merge with the next piece, and what it makes: `none` if there is none for
    /// sure. The symbol's text is compared when its turn comes; for most pairs it never does.
    var rank: UInt32
    var result: UInt32
  }

  static let none = UInt32.max
  private(set) var pieces: [Piece] = []
  /// The bytes of the word, and the hash numbers of its beginnings.
  private var bytes: [UInt8] = []
  private var numbers: [UInt64] = [0]
  private var number: UInt64 = 0
  private var queue = MergeQueue()

  /// Longer words go through a queue, whose work grows with their length and not with its square.
  private static let queueThreshold = 48

  mutating func removeAll() {
    pieces.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    numbers.append(0)
    number = 0
  }

  /// Gives memory back after an unusually long word.
  mutating func shrink(to capacity: Int) {
    if bytes.capacity > capacity { self = BytePairMerger() }
  }

  /// Adds one scalar to the word.
  @inline(__always)
  mutating func append(_ scalar: UInt32, _ hash: TextHash) {
    forEachByte(of: scalar) { append(byte: $0, hash) }
  }

  @inline(__always)
  private mutating func append(byte: UInt8, _ hash: TextHash) {
    bytes.append(byte)
    number = hash.extended(number, by: byte)
    numbers.append(number)
  }

  /// Takes a word of UTF-8 bytes.
  mutating func load(wordBytes: Span<UInt8>, _ hash: TextHash) {
    removeAll()
    for index in wordBytes.indices { append(byte: wordBytes[index], hash) }
  }

  /// The symbol of a piece, or nil if it is none.
  func symbol(_ index: Int, _ tables: TokenizerTables) -> UInt32? {
    if pieces[index].symbol != Self.none { return pieces[index].symbol }
    let end = index + 1 == pieces.count ? bytes.count : Int(pieces[index + 1].byte)
    return Self.symbol(Int(pieces[index].byte)..<end, bytes.span, numbers.span, tables)
  }

  /// The symbol of a part of a word, or nil.
  @inline(__always)
  private static func symbol(
    _ range: Range<Int>, _ bytes: Span<UInt8>, _ numbers: Span<UInt64>,
    _ tables: TokenizerTables
  ) -> UInt32? {
    guard range.count <= TextHash.longestText else { return nil }
    let number = tables.hash.part(
      from: numbers[range.lowerBound], to: numbers[range.upperBound], count: range.count)
    return tables.symbol(
      number, bytes.extracting(range), endsWord: range.upperBound == bytes.count)
  }

  /// Merges as long as the tables have a merge.
  mutating func merge(_ tables: TokenizerTables) {
    // A piece for every scalar: where a byte is none that continues one.
    for index in bytes.indices where bytes[index] & 0xC0 != 0x80 {
      pieces.append(
        Piece(
          byte: UInt32(index), scalar: UInt32(pieces.count), symbol: Self.none, rank: Self.none,
          result: 0))
    }
    if pieces.count > Self.queueThreshold { return mergeWithQueue(tables) }
    let (bytes, numbers) = (bytes, numbers)
    var span = pieces.mutableSpan
    let left = Self.merge(&span, bytes.span, numbers.span, tables)
    pieces.removeLast(pieces.count - left)
  }

  /// - Returns: how many pieces are left, at the beginning of `pieces`.
  private static func merge(
    _ pieces: inout MutableSpan<Piece>, _ bytes: Span<UInt8>, _ numbers: Span<UInt64>,
    _ tables: TokenizerTables
  ) -> Int {
    var count = pieces.count
    var lowest = none
    for index in 0..<max(count - 1, 0) {
      let end = index + 2 < count ? Int(pieces[index + 2].byte) : bytes.count
      look(&pieces, index, index + 1, end: end, bytes, numbers, tables)
      lowest = min(lowest, pieces[index].rank)
    }
    while lowest != none {
      // One pass merges every pair of the lowest rank, moves the pieces together and finds the
      // next rank.
      let rank = lowest
      lowest = none
      var read = 0
      var write = 0
      var previousIsNew = false
      while read < count {
        var piece = pieces[read]
        var isNew = false
        if piece.rank == rank, read + 1 < count {
          let end = read + 2 < count ? Int(pieces[read + 2].byte) : bytes.count
          isNew = tables.has(piece.result, bytes, Int(piece.byte)..<end)
          piece.rank = none
        }
        if isNew {
          read += 1
          piece.symbol = piece.result
          piece.rank = pieces[read].rank
          piece.result = pieces[read].result
        }
        read += 1
        pieces[write] = piece
        if write > 0 {
          if isNew || previousIsNew {
            let end = read < count ? Int(pieces[read].byte) : bytes.count
            look(&pieces, write - 1, write, end: end, bytes, numbers, tables)
          }
          lowest = min(lowest, pieces[write - 1].rank)
        }
        previousIsNew = isNew
        write += 1
      }
      count = write
    }
    return count
  }

  /// Looks up the merge of two neighbours, the second of which ends at byte `end`.
  @inline(__always)
  private static func look(
    _ pieces: inout MutableSpan<Piece>, _ left: Int, _ right: Int, end: Int,
    _ bytes: Span<UInt8>, _ numbers: Span<UInt64>, _ tables: TokenizerTables
  ) {
    let start = Int(pieces[left].byte)
    pieces[left].rank = none
    guard end - start <= TextHash.longestText else { return }
    let number = tables.hash.part(from: numbers[start], to: numbers[end], count: end - start)
    let hash = TextHash.finished(number, endsWord: end == bytes.count)
    if let symbol = tables.index.candidate(hash),
      let rank = tables.merges.rank(symbol, leftCount: Int(pieces[right].byte) - start)
    {
      pieces[left].rank = rank
      pieces[left].result = symbol
    }
  }

  /// The same for long words: pieces stay where they are, linked to their neighbours.
  private mutating func mergeWithQueue(_ tables: TokenizerTables) {
    queue.reset(count: pieces.count)
    for index in 0..<pieces.count - 1 { update(index, index + 1, tables) }
    while let (rank, index) = queue.pop() {
      // Entries go stale when a neighbour is merged away.
      guard queue.isAlive(index), pieces[index].rank == rank else { continue }
      pieces[index].rank = Self.none
      guard let right = queue.next(of: index) else { continue }
      let end = queue.next(of: right).map { Int(pieces[$0].byte) } ?? bytes.count
      guard tables.has(pieces[index].result, bytes.span, Int(pieces[index].byte)..<end) else {
        continue
      }
      pieces[index].symbol = pieces[index].result
      queue.removeNext(of: index)
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

  private mutating func update(_ left: Int, _ right: Int, _ tables: TokenizerTables) {
    let end = queue.next(of: right).map { Int(pieces[$0].byte) } ?? bytes.count
    let (bytes, numbers) = (bytes, numbers)
    var span = pieces.mutableSpan
    Self.look(&span, left, right, end: end, bytes.span, numbers.span, tables)
    if pieces[left].rank != Self.none { queue.push(rank: pieces[left].rank, left) }
  }
}
