internal import ThimbleSystem

/// Byte pair encoding of one word.
///
/// As long as some neighbours merge, the pair with the lowest rank is merged wherever it occurs,
/// from left to right; then the ranks are looked at anew. Merges come from untrusted tables, so
/// nothing is assumed of them: every round shortens the word, which bounds the work.
struct PairMerger {
  /// The symbols of the word, `SlotTable.noIndex` where the tables have none.
  private(set) var symbols: [UInt32] = []
  /// For each symbol the number of scalars before it.
  private(set) var starts: [UInt32] = []
  /// For each symbol the rank of its merge with the next one, and what that makes.
  private var ranks: [UInt32] = []
  private var results: [UInt32] = []
  private var queue = MergeQueue()

  private static let noRank = UInt32.max
  /// Longer words go through a queue, whose work grows as n log n and not as n squared.
  private static let queueThreshold = 48

  mutating func removeAll() {
    symbols.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
  }

  /// Gives memory back after an unusually long word.
  mutating func shrink(to capacity: Int) {
    if symbols.capacity > capacity { self = PairMerger() }
  }

  /// Adds one scalar to the word.
  @inline(__always)
  mutating func append(_ scalar: UInt32, isLast: Bool, _ tables: borrowing TokenizerTables) {
    starts.append(UInt32(symbols.count))
    symbols.append(tables.symbol(ofScalar: scalar, endsWord: isLast) ?? SlotTable.noIndex)
  }

  /// Takes a word of UTF-8 bytes; what is not UTF-8 stays unknown.
  mutating func load(wordBytes: Span<UInt8>, _ tables: borrowing TokenizerTables) {
    removeAll()
    var index = 0
    while index < wordBytes.count {
      let (scalar, length) = decodeScalar(wordBytes, at: index) ?? (.max, 1)
      index += length
      append(scalar, isLast: index == wordBytes.count, tables)
    }
  }

  /// Merges as long as the tables have a merge.
  mutating func merge(_ tables: borrowing TokenizerTables) {
    guard symbols.count > 1 else { return }
    ranks.removeAll(keepingCapacity: true)
    results.removeAll(keepingCapacity: true)
    for index in symbols.indices {
      ranks.append(Self.noRank)
      results.append(0)
      if index + 1 < symbols.count { look(index, index + 1, tables) }
    }
    if symbols.count > Self.queueThreshold {
      mergeWithQueue(tables)
    } else {
      while let lowest = ranks.min(), lowest != Self.noRank { mergeAll(lowest, tables) }
    }
  }

  /// Looks up the merge of the symbols at two indices.
  @inline(__always)
  private mutating func look(_ left: Int, _ right: Int, _ tables: borrowing TokenizerTables) {
    if let merge = tables.merge(symbols[left], symbols[right]) {
      ranks[left] = merge.rank
      results[left] = merge.result
    } else {
      ranks[left] = Self.noRank
    }
  }

  /// Merges every pair of one rank from left to right, and moves the symbols together.
  private mutating func mergeAll(_ rank: UInt32, _ tables: borrowing TokenizerTables) {
    var read = 0
    var write = 0
    var previousIsNew = false
    while read < symbols.count {
      let isNew = ranks[read] == rank
      symbols[write] = isNew ? results[read] : symbols[read]
      starts[write] = starts[read]
      let last = read + (isNew ? 1 : 0)
      ranks[write] = ranks[last]
      results[write] = results[last]
      if write > 0, isNew || previousIsNew { look(write - 1, write, tables) }
      previousIsNew = isNew
      read = last + 1
      write += 1
    }
    symbols.removeLast(symbols.count - write)
    starts.removeLast(starts.count - write)
    ranks.removeLast(ranks.count - write)
    results.removeLast(results.count - write)
    ranks[write - 1] = Self.noRank
  }

  /// The same for long words: symbols stay where they are, linked to their neighbours.
  private mutating func mergeWithQueue(_ tables: borrowing TokenizerTables) {
    queue.reset(count: symbols.count)
    for index in symbols.indices where ranks[index] != Self.noRank {
      queue.push(rank: ranks[index], index)
    }
    while let (rank, index) = queue.pop() {
      // Entries go stale when a neighbour is merged away.
      guard queue.isAlive(index), ranks[index] == rank else { continue }
      symbols[index] = results[index]
      queue.removeNext(of: index)
      ranks[index] = Self.noRank
      if let next = queue.next(of: index) { update(index, next, tables) }
      if let previous = queue.previous(of: index) { update(previous, index, tables) }
    }
    var write = 0
    for index in symbols.indices where queue.isAlive(index) {
      symbols[write] = symbols[index]
      starts[write] = starts[index]
      write += 1
    }
    symbols.removeLast(symbols.count - write)
    starts.removeLast(starts.count - write)
  }

  private mutating func update(_ left: Int, _ right: Int, _ tables: borrowing TokenizerTables) {
    look(left, right, tables)
    if ranks[left] != Self.noRank { queue.push(rank: ranks[left], left) }
  }
}
