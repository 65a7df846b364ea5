/// The order in which the pairs of a long word are merged, and the links between its symbols.
///
/// A round merges all pairs of the lowest rank from left to right. Pairs are kept in lists by rank, so that only ranks are
/// searched, of which there are few: the work grows with the length of the word.
struct MergeQueue {
  /// A binary heap of the ranks that have a list.
  private var ranks: [UInt32] = []
  /// The last entry of each rank's list.
  private var lists: [UInt32: UInt32] = [:]
  private var entries: [Entry] = []
  /// The last of the entries that are in no list, `none` if there is none.
  private var free = none
  /// What is left of the present round, from its end: places of pairs, descending.
  private var round: [UInt32] = []
  private var roundRank: UInt32 = 0

  private struct Entry {
    /// The place of the pair.
    var index: UInt32
    /// The entry before it in its list, or `none`.
    var previous: UInt32
  }

  private static let none = UInt32.max

  /// The neighbours of each symbol; the symbol itself where there is none.
  private var nexts: [UInt32] = []
  private var previouses: [UInt32] = []
  private var alive: [Bool] = []

  mutating func reset(count: Int) {
    ranks.removeAll(keepingCapacity: true)
    lists.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    round.removeAll(keepingCapacity: true)
    free = Self.none
    nexts = (0..<count).map { UInt32(min($0 + 1, count - 1)) }
    previouses = (0..<count).map { UInt32(max($0 - 1, 0)) }
    alive = [Bool](repeating: true, count: count)
  }

  func isAlive(_ index: Int) -> Bool { alive[index] }

  func next(of index: Int) -> Int? {
    let next = Int(nexts[index])
    return next == index ? nil : next
  }

  func previous(of index: Int) -> Int? {
    let previous = Int(previouses[index])
    return previous == index ? nil : previous
  }

  /// Unlinks the right neighbour, which must exist.
  mutating func removeNext(of index: Int) {
    let gone = Int(nexts[index])
    alive[gone] = false
    if let after = next(of: gone) {
      nexts[index] = UInt32(after)
      previouses[after] = UInt32(index)
    } else {
      nexts[index] = UInt32(index)
    }
  }

  /// Adds the pair at `index`. It waits for the next round, even if its rank is that of the present one or a lower one: a
  /// round merges what it found at its beginning.
  mutating func push(rank: UInt32, _ index: Int) {
    let entry = Entry(index: UInt32(index), previous: lists[rank] ?? Self.none)
    if entry.previous == Self.none { insert(rank) }
    if free == Self.none {
      lists[rank] = UInt32(entries.count)
      entries.append(entry)
    } else {
      lists[rank] = free
      let place = Int(free)
      free = entries[place].previous
      entries[place] = entry
    }
  }

  /// The next pair: of the present round, or of the lowest rank of all.
  mutating func pop() -> (rank: UInt32, index: Int)? {
    if round.isEmpty { beginRound() }
    return round.popLast().map { (roundRank, Int($0)) }
  }

  private mutating func beginRound() {
    guard let rank = ranks.first, var entry = lists.removeValue(forKey: rank) else { return }
    removeFirst()
    roundRank = rank
    var isDescending = true
    while entry != Self.none {
      let (index, previous) = (entries[Int(entry)].index, entries[Int(entry)].previous)
      isDescending = isDescending && index <= round.last ?? .max
      round.append(index)
      entries[Int(entry)].previous = free
      (free, entry) = (entry, previous)
    }
    // Each round adds to a list from left to right, so that most lists are in order.
    if !isDescending { round.sort(by: >) }
  }

  private mutating func insert(_ rank: UInt32) {
    var hole = ranks.count
    ranks.append(rank)
    while hole > 0, ranks[(hole - 1) / 2] > rank {
      ranks[hole] = ranks[(hole - 1) / 2]
      hole = (hole - 1) / 2
    }
    ranks[hole] = rank
  }

  /// Takes the lowest rank out.
  private mutating func removeFirst() {
    let last = ranks.removeLast()
    guard !ranks.isEmpty else { return }
    var hole = 0
    while hole * 2 + 1 < ranks.count {
      var child = hole * 2 + 1
      if child + 1 < ranks.count, ranks[child + 1] < ranks[child] { child += 1 }
      if ranks[child] >= last { break }
      ranks[hole] = ranks[child]
      hole = child
    }
    ranks[hole] = last
  }
}
