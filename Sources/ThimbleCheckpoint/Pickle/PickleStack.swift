/// What the instructions of a pickle work on: a stack with marks in it, and a memo of values.
struct PickleStack {
  private static let maximumCount = 1 << 16
  private static let maximumMemoCount = 1 << 21

  private var values: [PickleValue] = []
  /// Stack heights. Nothing below the last one can be taken.
  private var marks: [Int] = []
  /// By index; nil where none was set. Honest writers leave few holes.
  private var memo: [PickleValue?] = []
  private var memoCount = 0

  private var floor: Int { marks.last ?? 0 }

  mutating func push(_ value: PickleValue) throws(PickleFault) {
    guard values.count < Self.maximumCount else {
      throw .limit("values on the stack", Self.maximumCount)
    }
    values.append(value)
  }

  func top() throws(PickleFault) -> PickleValue {
    guard values.count > floor, let value = values.last else { throw .stackUnderflow }
    return value
  }

  mutating func pop() throws(PickleFault) -> PickleValue {
    let value = try top()
    values.removeLast()
    return value
  }

  /// Takes the topmost values, in the order in which they were pushed.
  mutating func pop(_ count: Int) throws(PickleFault) -> [PickleValue] {
    guard values.count - floor >= count else { throw .stackUnderflow }
    let popped = Array(values.suffix(count))
    values.removeLast(count)
    return popped
  }

  /// The only value, at the end.
  mutating func last() throws(PickleFault) -> PickleValue {
    guard values.count == 1, marks.isEmpty else { throw .leftover }
    return values[0]
  }

  mutating func mark() throws(PickleFault) {
    guard marks.count < Self.maximumCount else { throw .limit("marks", Self.maximumCount) }
    marks.append(values.count)
  }

  mutating func popToMark() throws(PickleFault) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw .noMark }
    let popped = Array(values[mark...])
    values.removeSubrange(mark...)
    return popped
  }

  /// Keeps the topmost value under `index`, or the next free number.
  mutating func memoize(_ index: UInt32? = nil) throws(PickleFault) {
    let index = index.map { Int($0) } ?? memoCount
    let value = try top()
    guard index < Self.maximumMemoCount else { throw .limit("memos", Self.maximumMemoCount) }
    while memo.count <= index { memo.append(nil) }
    if memo[index] == nil { memoCount += 1 }
    memo[index] = value
  }

  mutating func pushMemo(_ index: UInt32) throws(PickleFault) {
    guard index < memo.count, let value = memo[Int(index)] else { throw .memo(index) }
    try push(value)
  }
}
