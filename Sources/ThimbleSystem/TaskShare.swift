internal import Synchronization

/// Tasks that follow each other: their owner takes them from the front, others from the back.
final class TaskShare: Sendable {
  /// First task << 32 | end. Only the owner of an empty share gives it tasks.
  private let range = Atomic<UInt64>(0)

  func assign(_ tasks: Range<Int>) {
    range.store(Self.pack(tasks), ordering: .relaxed)
  }

  func takeFirst() -> Int? {
    take { $0.dropFirst() }?.lowerBound
  }

  /// At least one, unless the share is empty.
  func takeLastHalf() -> Range<Int>? {
    take { $0.dropLast(($0.count + 1) / 2) }
  }

  /// Replaces the tasks by `rest(tasks)` and returns those that are missing in it; nil if there are none.
  private func take(leaving rest: (Range<Int>) -> Range<Int>) -> Range<Int>? {
    var found = range.load(ordering: .relaxed)
    while true {
      let tasks = Int(found >> 32)..<Int(found & 0xFFFF_FFFF)
      guard !tasks.isEmpty else { return nil }
      let left = rest(tasks)
      let (exchanged, original) = range.weakCompareExchange(
        expected: found, desired: Self.pack(left), ordering: .relaxed)
      if exchanged {
        return left.lowerBound > tasks.lowerBound
          ? tasks.lowerBound..<left.lowerBound : left.upperBound..<tasks.upperBound
      }
      found = original
    }
  }

  private static func pack(_ tasks: Range<Int>) -> UInt64 {
    UInt64(tasks.lowerBound) << 32 | UInt64(tasks.upperBound)
  }
}
