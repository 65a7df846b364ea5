internal import CThimbleKernels
internal import Glibc
internal import Synchronization

/// A fixed set of threads that split loops. The caller is one of them.
///
/// A loop (`run`) is a *region*: workers that are awake enter it, take tasks, and leave; the caller takes tasks
/// too and returns when the last worker has left. Every worker has a share of the tasks that follow each other,
/// so that it reads memory from front to back and finds the same data in its cache the next time; who is done
/// takes half of what another has left. Nobody waits for a sleeping worker, so a region on a busy machine is at
/// worst as slow as without workers.
///
/// Between regions a worker watches for the next one for a few microseconds (the gap inside a forward pass) and
/// then sleeps: an idle pool costs nothing. Results must not depend on which worker runs a task.
@safe
public final class ComputePool: @unchecked Sendable {
  // Unchecked: `shared` is made of atomics, and the rest is written before the threads start.
  public let threadCount: Int
  private let shared: Shared
  private var threads: [pthread_t] = []

  /// - Parameter threadCount: at least 1; 1 starts no thread.
  public init(threadCount: Int) throws(SystemError) {
    precondition(threadCount >= 1, "a pool has at least one thread")
    self.threadCount = threadCount
    shared = Shared(
      workers: threadCount, spins: threadCount <= Self.usableProcessors() ? 4000 : 0)
    for worker in 1..<max(threadCount, 1) {
      let start = unsafe Unmanaged.passRetained(WorkerStart(shared: shared, worker: worker))
      var thread = pthread_t()
      let code = unsafe pthread_create(
        &thread, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          let start = unsafe Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
          start.shared.work(as: start.worker)
          return nil
        }, unsafe start.toOpaque())
      guard code == 0 else {
        unsafe start.release()
        stop()
        throw .thread(code: code)
      }
      threads.append(thread)
    }
  }

  deinit { stop() }

  private func stop() {
    shared.requestStop()
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  /// Calls `body.perform(task, worker)` for every task in `0..<count`, each once, on any worker in
  /// `0..<threadCount`; returns when all are done. If a call throws, tasks not yet begun are skipped and the
  /// error is thrown on. Not reentrant, and for one caller at a time. Allocates nothing.
  public func run<Body: RegionBody>(count: Int, _ body: Body) throws(Body.Failure) {
    guard threadCount > 1, count > 1 else {
      for task in 0..<count { try body.perform(task, worker: 0) }
      return
    }
    let region = Region(body: body)
    unsafe withUnsafePointer(to: region) { region in
      unsafe shared.run(count: count, Region<Body>.self, region)
    }
    if let error = region.failure.withLock({ $0 }) { throw error }
  }

  /// The same with a closure, which costs allocations: for work that is large.
  public func run<Failure: Error>(
    count: Int, _ body: (_ task: Int, _ worker: Int) throws(Failure) -> Void
  ) throws(Failure) {
    let failure = Mutex<Failure?>(nil)
    let guarded: (Int, Int) -> Bool = { task, worker in
      do throws(Failure) {
        try body(task, worker)
        return true
      } catch {
        failure.withLock { $0 = $0 ?? error }
        return false
      }
    }
    withoutActuallyEscaping(guarded) { body in
      try? run(count: count, ClosureBody(body: body))
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

/// What a region does, as data: other than a closure it need not be on the heap for other threads to see it.
public protocol RegionBody {
  associatedtype Failure: Error

  func perform(_ task: Int, worker: Int) throws(Failure)
}

private struct ClosureBody: RegionBody {
  struct Stopped: Error {}
  let body: (_ task: Int, _ worker: Int) -> Bool

  func perform(_ task: Int, worker: Int) throws(Stopped) {
    guard body(task, worker) else { throw Stopped() }
  }
}

/// A region under way, on the stack of its caller.
private struct Region<Body: RegionBody>: ~Copyable, AnyRegion {
  let body: Body
  let failure = Mutex<Body.Failure?>(nil)

  init(body: Body) { self.body = body }

  static func perform(_ region: UnsafeRawPointer, _ task: Int, _ worker: Int) -> Bool {
    let region = unsafe region.assumingMemoryBound(to: Self.self)
    do throws(Body.Failure) {
      try unsafe region.pointee.body.perform(task, worker: worker)
      return true
    } catch {
      unsafe region.pointee.failure.withLock { $0 = $0 ?? error }
      return false
    }
  }
}

/// How threads call a region that they know by its address only.
private protocol AnyRegion: ~Copyable {
  /// Performs a task of `region`, which is a `Self`; false if it failed.
  static func perform(_ region: UnsafeRawPointer, _ task: Int, _ worker: Int) -> Bool
}

/// What a thread is given when it starts.
private final class WorkerStart: Sendable {
  let shared: Shared
  let worker: Int

  init(shared: Shared, worker: Int) {
    self.shared = shared
    self.worker = worker
  }
}

/// The state of a pool that its threads see.
@safe
private final class Shared: @unchecked Sendable {
  // Unchecked: `kind` and `region` change only while no region is open and no worker is inside one.
  private var kind: any (AnyRegion & ~Copyable).Type = Region<ClosureBody>.self
  private var region: UnsafeRawPointer?
  /// Odd while a region is open.
  private let phase = Atomic<Int>(0)
  /// One for each worker.
  private let shares: [TaskShare]
  /// Whether a task of the region has failed.
  private let hasFailed = Atomic<Bool>(false)
  /// Workers that are inside, or looking whether they may enter.
  private let inside = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let spins: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(workers: Int, spins: Int) {
    self.spins = spins
    shares = (0..<workers).map { _ in TaskShare() }
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(wake, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(wake)
    unsafe pthread_mutex_destroy(mutex)
    unsafe wake.deallocate()
    unsafe mutex.deallocate()
  }

  /// - Parameter region: a value of the type `kind`.
  func run(count: Int, _ kind: any (AnyRegion & ~Copyable).Type, _ region: UnsafeRawPointer) {
    precondition(count <= Int(UInt32.max), "\(count) tasks")
    self.kind = kind
    unsafe self.region = region
    hasFailed.store(false, ordering: .relaxed)
    for worker in shares.indices {
      shares[worker].assign(
        count * worker / shares.count..<count * (worker + 1) / shares.count)
    }
    phase.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
    takeTasks(as: 0)
    phase.add(1, ordering: .sequentiallyConsistent)
    // A worker announces itself in `inside` before it looks at `phase`, and `phase` has been closed before
    // this looks at `inside`: whoever got in is seen here, whoever comes later finds the region closed.
    var waits = 0
    while inside.load(ordering: .sequentiallyConsistent) > 0 {
      waits += 1
      if waits > max(spins, 100) { sched_yield() } else { tk_spin_hint() }
    }
    unsafe self.region = nil
  }

  func requestStop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    wakeAll()
  }

  func work(as worker: Int) {
    var seen = 0
    while waitForRegion(after: &seen) {
      inside.add(1, ordering: .sequentiallyConsistent)
      if phase.load(ordering: .sequentiallyConsistent) == seen { takeTasks(as: worker) }
      inside.subtract(1, ordering: .sequentiallyConsistent)
    }
  }

  private func takeTasks(as worker: Int) {
    let own = shares[worker]
    repeat {
      while let task = own.takeFirst() {
        guard !hasFailed.load(ordering: .relaxed) else { return }
        guard let region = unsafe region, unsafe kind.perform(region, task, worker) else {
          hasFailed.store(true, ordering: .relaxed)
          return
        }
      }
    } while findMore(for: worker)
  }

  /// Moves half of another worker's share to `worker`, if any has something left.
  private func findMore(for worker: Int) -> Bool {
    for distance in 1..<max(shares.count, 1) {
      let other = shares[(worker + distance) % shares.count]
      if let tasks = other.takeLastHalf() {
        shares[worker].assign(tasks)
        return true
      }
    }
    return false
  }

  /// Waits until a region other than `seen` is open, and notes it there. False: the pool stops.
  private func waitForRegion(after seen: inout Int) -> Bool {
    func isOpen(_ phase: Int) -> Bool { phase & 1 == 1 && phase != seen }
    for _ in 0..<spins {
      let now = phase.load(ordering: .sequentiallyConsistent)
      if isOpen(now) {
        seen = now
        return true
      }
      tk_spin_hint()
    }
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    while !stopping.load(ordering: .sequentiallyConsistent) {
      let now = phase.load(ordering: .sequentiallyConsistent)
      if isOpen(now) {
        seen = now
        return true
      }
      unsafe pthread_cond_wait(wake, mutex)
    }
    return false
  }

  private func wakeAll() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(wake)
    unsafe pthread_mutex_unlock(mutex)
  }
}
