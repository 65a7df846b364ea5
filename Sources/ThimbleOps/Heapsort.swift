public import ThimbleSystem

/// Sorts the first `count` elements of `order` by `key`, in place and without allocating (heapsort).
public func sort(
  _ order: AlignedArray<Int32>, count: Int, by key: (Int32) -> Int
) {
  func precedes(_ a: Int32, _ b: Int32) -> Bool { (key(a), a) < (key(b), b) }
  func siftDown(from start: Int, to end: Int) {
    var root = start
    while 2 * root + 1 < end {
      var child = 2 * root + 1
      if child + 1 < end && precedes(order[child], order[child + 1]) { child += 1 }
      guard precedes(order[root], order[child]) else { return }
      (order[root], order[child]) = (order[child], order[root])
      root = child
    }
  }
  for start in stride(from: count / 2 - 1, through: 0, by: -1) { siftDown(from: start, to: count) }
  for end in stride(from: count - 1, to: 0, by: -1) {
    (order[0], order[end]) = (order[end], order[0])
    siftDown(from: 0, to: end)
  }
}
