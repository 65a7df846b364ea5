internal import CoreMetrics
internal import Synchronization

/// What is known of an open connection outside of its event loop.
final class Connection: Sendable {
  private let state = Mutex<(isClosed: Bool, whenClosed: (@Sendable () -> Void)?)>((false, nil))

  /// Calls `body` when the client goes away, at once if it has. nil: nobody cares any more.
  func whenClosed(_ body: (@Sendable () -> Void)?) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.whenClosed = body }
      return state.isClosed
    }
    if isClosed { body?() }
  }

  func close() {
    let body = state.withLock { state in
      defer { state = (true, nil) }
      return state.whenClosed
    }
    body?()
  }
}

/// How many connections are open.
final class ConnectionCount: Sendable {
  private let count = Mutex(0)
  private let metrics: ServerMetrics

  init(_ metrics: ServerMetrics) { self.metrics = metrics }

  func change(by difference: Int) {
    let count = count.withLock { count in
      count += difference
      return count
    }
    metrics.connections.set(count)
  }
}
