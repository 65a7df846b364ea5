internal import NIOPosix
internal import Synchronization
public import Thimble
internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// Runs a model for many requests at once: one thread of its own makes passes out of what waits.
///
/// Nothing else touches the model, so that no handler ever waits for a multiplication.
public final class Engine: Sendable {
  private struct Models {
    var current: Session
    /// What takes the place of `current` when the jobs made for it are done.
    var next: Session?
  }

  private struct State {
    var queue: WorkQueue
    /// Whether there is no room for what would be read of the jobs that wait.
    var isFull = false
    var served: ServedModel
    /// The generation whose jobs are being computed; behind `served` while models change.
    var generation = 0
    var isRunning = false
    var isEnding = false
    var isHealthy = false
    var reload: CheckedContinuation<Void, any Error>?
    /// Smoothed speed, for `Retry-After`.
    var tokensPerSecond = 0.0
  }

  private let path: String
  private let options: RunOptions
  private let models: Mutex<Models>
  private let state: Mutex<State>
  private let thread = NIOThreadPool(numberOfThreads: 1)
  private let metrics: ServerMetrics
  private let room: ReadingRoom
  /// What all readings may take together, in bytes, unless the vectors of one request take more.
  public static let roomForReadings = 2 << 20

  /// Opens the file at `path`, which is not run until `warmUp`.
  ///
  /// - Parameters:
  ///   - queueCapacity: the most tokens that may wait.
  ///   - maximumInputs: the most inputs of a request.
  ///   - roomForReadings: what all readings may take together, in bytes, unless the vectors of one request take more.
  public init(
    path: String, options: RunOptions, queueCapacity: Int, maximumInputs: Int,
    roomForReadings: Int = Engine.roomForReadings, metrics: ServerMetrics
  ) throws {
    self.path = path
    var options = options
    // A model that is opened later must get the room of this one, not what is left beside it.
    options.base = options.base ?? ProcessMemory.current()?.privateBytes ?? 0
    self.options = options
    self.metrics = metrics
    let model = try Session(serving: path, options: options)
    let served = ServedModel(model, generation: 0)
    state = Mutex(State(queue: WorkQueue(capacity: queueCapacity), served: served))
    models = Mutex(Models(current: model))
    let vector = MemoryLayout<Float>.stride * served.text.configuration.embeddingSize
    room = ReadingRoom(capacity: max(roomForReadings, (maximumInputs + 1) * vector))
    thread.start()
  }

  /// The model that new work is to be made for.
  public var served: ServedModel { state.withLock(\.served) }
  /// Whether the last pass succeeded.
  public var isHealthy: Bool { state.withLock { $0.isHealthy && !$0.isEnding } }
  var queueCapacity: Int { state.withLock(\.queue.capacity) }
  /// What all readings may take together, in bytes.
  var roomForReadings: Int { room.capacity }

  /// Tokens and jobs that wait.
  var queued: (tokens: Int, jobs: Int) {
    state.withLock { ($0.queue.tokenCount, $0.queue.jobCount) }
  }

  /// Computes what `works` want, together with whatever else waits.
  ///
  /// - Parameters:
  ///   - works: at least one; none with more tokens than a pass takes.
  ///   - served: what the works were made for.
  /// - Returns: a reading for each. They take room that others wait for: let go of them soon.
  /// - Throws: `EngineError`, or `CancellationError` if the task was cancelled before all was computed.
  func run<Reader: Head>(
    _ works: [Work<Reader>], for served: ServedModel
  ) async throws -> Readings<Reader> {
    let job = Job(works, generation: served.generation, readingSize: served.readingSize(works))
    guard job.readingSize <= room.capacity else {
      throw EngineError.tooLarge(bytes: job.readingSize, limit: room.capacity)
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        guard job.wait(waiter) else { return waiter.resume(throwing: CancellationError()) }
        do throws(EngineError) { try enqueue(job) } catch { job.fail(error) }
      }
    } onCancel: {
      job.fail(CancellationError())
    }
  }

  private func enqueue(_ job: any QueuedJob) throws(EngineError) {
    try state.withLock { state throws(EngineError) in
      guard !state.isEnding else { throw .ending }
      guard job.generation == state.served.generation else { throw .outdated }
      state.queue.removeAbandoned()
      guard state.queue.append(job) else {
        guard job.tokenCount <= state.queue.capacity else {
          throw .tooMuch(tokens: job.tokenCount, limit: state.queue.capacity)
        }
        let seconds = Double(state.queue.tokenCount) / max(state.tokensPerSecond, 1)
        throw .full(retryAfter: min(max(Int(seconds.rounded(.up)), 1), 60))
      }
    }
    wake()
  }

  /// Lets the thread work, unless it does already.
  private func wake() {
    let starts = state.withLock { state in
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if starts { thread.submit { _ in self.work() } }
  }

  /// The same, from wherever a share of the room is given up: even with the lock held.
  private func wakeLater() {
    thread.submit { if case .active = $0 { self.wake() } }
  }

  /// Runs the model once, so that what is pinned gets decoded and `isHealthy` tells the truth.
  public func warmUp() async throws {
    try await thread.runIfActive { try self.models.withLock { try self.probe($0.current) } }
  }

  private func probe(_ model: Session) throws {
    state.withLock { $0.isHealthy = false }
    try model.probe()
    state.withLock { $0.isHealthy = true }
  }

  /// Checks the file, and once a model of it has answered a probe, puts it in the place of the one that is being served.
  /// Requests that wait are answered by the model that they were made for.
  ///
  /// - Throws: what is wrong with the file, or `EngineError.noRoom`; the old model goes on then.
  public func reload() async throws {
    let (path, isa) = (path, options.isa)
    let checker = NIOThreadPool(numberOfThreads: 1)
    checker.start()
    let problem = try await checker.runIfActive { () -> (any Error)? in
      let file = try ThimbleFile(path: path)
      return try file.verify(
        pool: ComputePool(threadCount: 1), kernels: isa.map(KernelTable.named) ?? .best
      ) { _ in }.first
    }
    try await checker.shutdownGracefully()
    if let problem { throw problem }
    try await withCheckedThrowingContinuation { waiter in
      let busy = state.withLock { state in
        guard state.reload == nil, !state.isEnding else { return true }
        state.reload = waiter
        return false
      }
      if busy { waiter.resume(throwing: EngineError.ending) } else { wake() }
    }
  }

  /// Computes what waits, then stops the thread. New work is refused from now on.
  public func shutDown() async throws {
    state.withLock { $0.isEnding = true }
    try await thread.shutdownGracefully()
    for job in state.withLock({ $0.queue.removeAll() }) { job.fail(EngineError.ending) }
  }

  // MARK: On the thread

  private func work() {
    models.withLock { models in
      var last = (jobs: 0, seconds: 0.0)
      repeat {
        openNext(&models)
        linger(after: last)
        last = runPass(models.current)
        if last.jobs == 0, !state.withLock(\.isFull) { replaceModel(&models) }
      } while last.jobs > 0 || !rest()
    }
  }

  /// - Returns: whether there is nothing that can be done.
  private func rest() -> Bool {
    state.withLock { state in
      guard state.isFull || state.queue.jobCount == 0 && state.reload == nil else { return false }
      state.isRunning = false
      return true
    }
  }

  /// Clients that got answers from one pass tend to ask again at once. A pass that began with the first of them alone would
  /// let all others wait for a decode of the weights that serves one: so it waits as long as they keep coming, but
  /// no longer than a sixteenth of the last pass.
  private func linger(after last: (jobs: Int, seconds: Double)) {
    guard last.jobs > 1 else { return }
    let end = monotonicSeconds() + last.seconds / 16
    var (known, idle) = (0, 0)
    while idle < 6, monotonicSeconds() < end {
      let jobs = state.withLock(\.queue.jobCount)
      guard jobs < last.jobs else { return }
      idle = jobs > known ? 0 : idle + 1
      known = jobs
      sleep(microseconds: 500)
    }
  }

  /// Runs one pass over what waits.
  ///
  /// - Returns: how many jobs it served, and how long it took.
  private func runPass(_ model: Session) -> (jobs: Int, seconds: Double) {
    let pass = state.withLock { state in
      let pass = state.queue.takePass(
        generation: state.generation, tokens: model.capacity,
        positions: 4 * (model.positionsPerRound ?? 1)
      ) { $0.takeRoom(in: room) { self.wakeLater() } }
      state.isFull = pass.isEmpty && state.queue.holdsJobs(of: state.generation)
      return pass
    }
    guard !pass.isEmpty else { return (0, 0) }
    let start = monotonicSeconds()
    for item in pass { item.job.took(at: start) }
    do {
      try model.run(pass.map { $0.job.item($0.index) })
      state.withLock { $0.isHealthy = true }
    } catch {
      state.withLock { $0.isHealthy = false }
      for item in pass { item.job.fail(EngineError.model(error)) }
    }
    let seconds = monotonicSeconds() - start
    let tokens = pass.reduce(0) { $0 + $1.sequence.ids.count }
    metrics.recordPass(sequences: pass.count, tokens: tokens, model.takeTimes())
    state.withLock { state in
      let speed = Double(tokens) / max(seconds, 1e-9)
      let weight = state.tokensPerSecond > 0 ? 0.2 : 1
      state.tokensPerSecond += (speed - state.tokensPerSecond) * weight
    }
    return (Set(pass.map { ObjectIdentifier($0.job) }).count, seconds)
  }

  /// Opens the file again if that was asked for. Once the new model has answered a probe, new work is made for it.
  private func openNext(_ models: inout Models) {
    guard models.next == nil, state.withLock({ $0.reload != nil }) else { return }
    do {
      let next = try Session(serving: path, options: options)
      try makeRoom(for: next, beside: models.current)
      next.keepPinned(atMost: 0)
      try next.probe()
      models.next = next
      state.withLock { $0.served = ServedModel(next, generation: $0.generation + 1) }
    } catch {
      models.current.keepPinned(atMost: .max)
      finishReload(error)
    }
  }

  /// Lets `current` keep less decoded, so that both models fit the budget while `next` is probed. It goes on answering.
  private func makeRoom(for next: Session, beside current: Session) throws(EngineError) {
    guard let plan = current.plan else { return }
    let left = plan.budget - (plan.peak - plan.pinned) - next.probingSize
    guard left >= 0 else { throw .noRoom(bytes: next.probingSize, missing: -left) }
    if left < plan.pinned { current.keepPinned(atMost: left) }
  }

  private func replaceModel(_ models: inout Models) {
    guard let next = models.next else { return }
    // The old model goes before the new one decodes what it pins: there is room for one.
    models = Models(current: next, next: nil)
    next.keepPinned(atMost: .max)
    state.withLock { $0.generation += 1 }
    do {
      try probe(next)
      finishReload(nil)
    } catch {
      finishReload(error)
    }
  }

  private func finishReload(_ error: (any Error)?) {
    let waiter = state.withLock { state in
      defer { state.reload = nil }
      return state.reload
    }
    if let error { waiter?.resume(throwing: error) } else { waiter?.resume() }
  }
}
