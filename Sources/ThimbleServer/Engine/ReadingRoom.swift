internal import Synchronization

/// How many bytes all readings may take together between the pass that makes them and the last byte of their answers.
///
/// A job gets room for all that it will read before any of it is read, so that no two jobs can wait for each other.
package final class ReadingRoom: Sendable {
  /// Each job may read so many bytes that do not count, so that large answers which are taken slowly hold up none
  /// that are small.
  static let freeBytes = 8 << 10
  let capacity: Int
  private let state: Mutex<(left: Int, isAwaited: Bool)>

  init(capacity: Int) {
    self.capacity = capacity
    state = Mutex((capacity, false))
  }

  /// Room that is held as long as this lives.
  final class Share: Sendable {
    private let room: ReadingRoom
    private let bytes: Int
    private let whenAwaited: @Sendable () -> Void

    fileprivate init(
      _ room: ReadingRoom, bytes: Int, whenAwaited: @escaping @Sendable () -> Void
    ) {
      (self.room, self.bytes, self.whenAwaited) = (room, bytes, whenAwaited)
    }

    deinit { if room.isAwaited(takingBack: bytes) { whenAwaited() } }
  }

  /// - Parameter whenAwaited: called when the share is given up, at any place, if another was refused meanwhile.
  /// - Returns: nil if there is no room for `bytes` now.
  func share(of bytes: Int, whenAwaited: @escaping @Sendable () -> Void) -> Share? {
    let fits = state.withLock { state in
      guard bytes <= state.left else {
        state.isAwaited = true
        return false
      }
      state.left -= bytes
      return true
    }
    return fits ? Share(self, bytes: bytes, whenAwaited: whenAwaited) : nil
  }

  private func isAwaited(takingBack bytes: Int) -> Bool {
    state.withLock { state in
      defer { state.isAwaited = false }
      state.left += bytes
      return state.isAwaited
    }
  }
}
