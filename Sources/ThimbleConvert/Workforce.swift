internal import Synchronization
internal import ThimbleFormat
internal import ThimbleSystem

/// The threads of a conversion, and what each of them works with.
final class Workforce {
  let plan: ChunkPlan
  private let pool: ComputePool
  private let workers: [ChunkWorker]

  init(_ plan: ChunkPlan, threadCount: Int, kernels: KernelTable) throws(SystemError) {
    self.plan = plan
    pool = try ComputePool(threadCount: threadCount)
    var workers: [ChunkWorker] = []
    for _ in 0..<threadCount { workers.append(try ChunkWorker(plan, kernels: kernels)) }
    self.workers = workers
  }

  var threadCount: Int { workers.count }

  func makeSlots(_ count: Int) throws(SystemError) -> [ChunkSlot] {
    var slots: [ChunkSlot] = []
    for _ in 0..<count { slots.append(try ChunkSlot(largestChunk: plan.largestChunk)) }
    return slots
  }

  /// Calls `body(task, thread, worker)` for every task in `0..<count`, on all threads.
  ///
  /// - Throws: of several errors that of the lowest task, so that every run names the same one.
  func run(
    count: Int, _ body: (Int, Int, ChunkWorker) throws(ConvertError) -> Void
  ) throws(ConvertError) {
    // Tasks begin in order: whatever stands before a failed one has begun too, and may fail yet.
    let first = Mutex<(task: Int, error: ConvertError)?>(nil)
    do throws(ConvertError) {
      try pool.run(count: count) { task, thread throws(ConvertError) in
        do throws(ConvertError) {
          try body(task, thread, workers[thread])
        } catch {
          first.withLock { if task < $0?.task ?? .max { $0 = (task, error) } }
          throw error
        }
      }
    } catch {
      throw first.withLock { $0?.error } ?? error
    }
  }
}
