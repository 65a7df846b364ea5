internal import Synchronization
internal import ThimbleFormat
internal import ThimbleSystem

/// The threads of a conversion, and what each of them works with.
final class Workforce {
  let plan: ChunkPlan
  private let pool: ComputePool
  private let workers: [ChunkWorker]

  var threadCount: Int { workers.count }

  init(_ plan: ChunkPlan, threadCount: Int, kernels: KernelTable) throws(SystemError) {
    self.plan = plan
    pool = try ComputePool(threadCount: threadCount)
    var workers: [ChunkWorker] = []
    for _ in 0..<threadCount { workers.append(try ChunkWorker(plan, kernels: kernels)) }
    self.workers = workers
  }

  func makeSlots(_ count: Int) throws(SystemError) -> [ChunkSlot] {
    var slots: [ChunkSlot] = []
    for _ in 0..<count { slots.append(try ChunkSlot(largestChunk: plan.largestChunk)) }
    return slots
  }

  /// Calls `body(task, worker)` for every task in `0..<count`, on all threads.
  ///
  /// - Throws: of several errors that of the lowest task, so that every run names the same one.
  func run(
    count: Int, _ body: (Int, ChunkWorker) throws(ConvertError) -> Void
  ) throws(ConvertError) {
    let first = Mutex<(task: Int, error: ConvertError)?>(nil)
    do throws(ConvertError) {
      try pool.run(count: count) { task, thread throws(ConvertError) in
        do throws(ConvertError) {
          try body(task, workers[thread])
        } catch {
          first.withLock { if task < $0?.task ?? .max { $0 = (task, error) } }
          throw error
        }
      }
    } catch {
      guard let failed = first.withLock({ $0 }) else { throw error }
      // Every thread has a share of its own: a task before the failed one may not have begun.
      for task in 0..<failed.task { try body(task, workers[0]) }
      throw failed.error
    }
  }

  /// Adds up, for each tensor, what `body` gives for its chunks among `places`, always in order.
  func sums<Value: BitwiseCopyable & AdditiveArithmetic>(
    over places: [ChunkPlace], _ body: (ChunkPlace, ChunkWorker) throws(ConvertError) -> Value
  ) throws(ConvertError) -> [Value] {
    let values: AlignedArray<Value>
    do { values = try AlignedArray(count: places.count) } catch { throw .system(error) }
    try run(count: places.count) { task, worker throws(ConvertError) in
      values[task] = try body(places[task], worker)
      plan.release(places[task])
    }
    var sums = [Value](repeating: .zero, count: plan.shapes.count)
    for (task, place) in places.enumerated() { sums[place.tensor] += values[task] }
    return sums
  }
}
