internal import Dispatch
internal import Synchronization

/// Blocks this thread until `work` has ended.
///
/// One command of many is asynchronous. If `main` were, each would start threads that it does not need, and hang
/// where the system refuses them.
func waitFor(_ work: @escaping @Sendable () async throws -> Void) throws {
  let outcome = Mutex<Result<Void, any Error>>(.success(()))
  let end = DispatchSemaphore(value: 0)
  Task {
    do { try await work() } catch { outcome.withLock { $0 = .failure(error) } }
    end.signal()
  }
  end.wait()
  try outcome.withLock { try $0.get() }
}
