/// The order in which the pairs of a long word are merged, and the links between its symbols.
///
/// Pairs of one rank that are found while pairs of that rank or a higher one are being merged wait
/// until these are done, because a round merges what it found at its beginning.
struct MergeQueue {
  /// A binary heap of rank << 32 | index.
  private var heap: [UInt64] = []
  /// Found during the present round.
  private var waiting: [UInt64] = []
  private var round: UInt64?
  /// The neighbours of each symbol; the symbol itself where there is none.
  private var nexts: [UInt32] = []
  private var previouses: [UInt32] = []
  private var alive: [Bool] = []

  mutating func reset(count: Int) {
    heap.removeAll(keepingCapacity: true)
    waiting.removeAll(keepingCapacity: true)
    round = nil
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

  mutating func push(rank: UInt32, _ index: Int) {
    let key = UInt64(rank) << 32 | UInt64(index)
    if round == nil { insert(key) } else { waiting.append(key) }
  }

  /// The next pair: of the present round, or of the lowest rank of all.
  mutating func pop() -> (rank: UInt32, index: Int)? {
    if heap.first.map({ $0 >> 32 }) != round {
      for key in waiting { insert(key) }
      waiting.removeAll(keepingCapacity: true)
      round = heap.first.map { $0 >> 32 }
    }
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty { sink(last) }
    return (UInt32(top >> 32), Int(top & 0xFFFF_FFFF))
  }

  private mutating func insert(_ key: UInt64) {
    var hole = heap.count
    heap.append(key)
    while hole > 0, heap[(hole - 1) / 2] > key {
      heap[hole] = heap[(hole - 1) / 2]
      hole = (hole - 1) / 2
    }
    heap[hole] = key
  }

  /// Puts `key` in the place of the first and lets it sink.
  private mutating func sink(_ key: UInt64) {
    var hole = 0
    while hole * 2 + 1 < heap.count {
      var child = hole * 2 + 1
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if heap[child] >= key { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = key
  }
}
