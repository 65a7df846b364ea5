internal import Synchronization

/// How many bytes the bodies of all requests under way may take together.
///
/// The first bytes of a body are free, so that a few large requests that arrive slowly do not keep small ones out.
final class BodyStore: Sendable {
  static let freeBytes = 16 << 10
  private let left: Mutex<Int>

  init(capacity: Int) { left = Mutex(capacity) }

  /// What one request has taken; given back by `release`.
  struct Share: ~Copyable {
    fileprivate var bytes = 0
  }

  /// Makes room for a body of `count` bytes.
  ///
  /// - Returns: false, with nothing changed, if there is none.
  func grow(_ share: inout Share, to count: Int) -> Bool {
    let more = max(count - Self.freeBytes, 0) - share.bytes
    guard more > 0 else { return true }
    let fits = left.withLock { left in
      guard more <= left else { return false }
      left -= more
      return true
    }
    if fits { share.bytes += more }
    return fits
  }

  func release(_ share: consuming Share) {
    let bytes = share.bytes
    left.withLock { $0 += bytes }
  }
}
