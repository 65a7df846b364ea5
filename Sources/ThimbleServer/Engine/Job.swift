internal import Synchronization
package import Thimble
package import ThimbleModel

/// A sequence, and what `Reader` is to read of it once the model has run.
package struct Work<Reader: Head>: Sendable {
  let sequence: SequenceInput
  let query: Reader.Query

  package init(sequence: SequenceInput, query: Reader.Query) {
    (self.sequence, self.query) = (sequence, query)
  }

  var tokenCount: Int { sequence.ids.count }
}

/// All that was read for a request. Its room is held as long as this lives.
final class Readings<Reader: Head>: Sendable {
  let all: [Reader.Reading]
  /// When the first sequence went into a pass.
  let firstTaken: Double?
  private let room: ReadingRoom.Share?

  init(_ all: [Reader.Reading], in room: ReadingRoom.Share?, since firstTaken: Double?) {
    (self.all, self.room, self.firstTaken) = (all, room, firstTaken)
  }
}

/// What the queue and the engine know of a job, whatever it reads.
package protocol QueuedJob: AnyObject, Sendable {
  /// The model that the sequences were made for.
  var generation: Int { get }
  /// Sequences.
  var count: Int { get }
  var tokenCount: Int { get }
  /// The bytes that all its readings take.
  var readingSize: Int { get }
  /// Whether nobody waits for it any more.
  var isOver: Bool { get }
  func sequence(_ index: Int) -> SequenceInput
  /// The rows of vocabulary scores that a sequence costs.
  func scoredRows(_ index: Int) -> Int
  /// A sequence as a pass takes it: what is read of it goes to the job.
  func item(_ index: Int) -> any PassItem
  func took(at time: Double)
  /// - Returns: false, with nothing changed, if there is no room in `room` for what will be read.
  func takeRoom(in room: ReadingRoom, whenAwaited: @escaping @Sendable () -> Void) -> Bool
  func fail(_ error: any Error)
}

/// What one request wants of the model, and what it has got so far.
package final class Job<Reader: Head>: QueuedJob {
  private let works: [Work<Reader>]
  package let generation: Int
  package let tokenCount: Int
  package let readingSize: Int
  private let state: Mutex<State>

  private struct State {
    var readings: [Reader.Reading?]
    var missing: Int
    var room: ReadingRoom.Share?
    var waiter: Waiter?
    var isOver = false
    var firstTaken: Double?

    mutating func end() {
      isOver = true
      (readings, room, waiter) = ([], nil, nil)
    }
  }

  typealias Waiter = CheckedContinuation<Readings<Reader>, any Error>

  /// - Parameters:
  ///   - works: at least one.
  ///   - readingSize: the bytes that their readings take.
  package init(_ works: [Work<Reader>], generation: Int, readingSize: Int) {
    self.works = works
    self.generation = generation
    self.readingSize = readingSize
    tokenCount = works.reduce(0) { $0 + $1.tokenCount }
    state = Mutex(
      State(readings: [Reader.Reading?](repeating: nil, count: works.count), missing: works.count))
  }

  package var count: Int { works.count }
  package var isOver: Bool { state.withLock(\.isOver) }
  package func sequence(_ index: Int) -> SequenceInput { works[index].sequence }
  package func scoredRows(_ index: Int) -> Int { Reader.scoredRows(of: works[index].query) }
  package func item(_ index: Int) -> any PassItem { JobItem(job: self, index: index) }
  fileprivate func query(_ index: Int) -> Reader.Query { works[index].query }

  package func took(at time: Double) { state.withLock { $0.firstTaken = $0.firstTaken ?? time } }

  package func takeRoom(
    in room: ReadingRoom, whenAwaited: @escaping @Sendable () -> Void
  ) -> Bool {
    let bytes = max(readingSize - ReadingRoom.freeBytes, 0)
    guard bytes > 0 else { return true }
    guard let share = room.share(of: bytes, whenAwaited: whenAwaited) else { return false }
    state.withLock { if !$0.isOver { $0.room = share } }
    return true
  }

  /// - Returns: false if the job was over before.
  func wait(_ waiter: Waiter) -> Bool {
    state.withLock {
      guard !$0.isOver else { return false }
      $0.waiter = waiter
      return true
    }
  }

  func set(_ reading: Reader.Reading, at index: Int) {
    let finished: (waiter: Waiter?, readings: Readings<Reader>)? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.readings[index] = reading
      state.missing -= 1
      guard state.missing == 0 else { return nil }
      defer { state.end() }
      return (
        state.waiter,
        Readings(state.readings.compactMap(\.self), in: state.room, since: state.firstTaken)
      )
    }
    if let finished { finished.waiter?.resume(returning: finished.readings) }
  }

  package func fail(_ error: any Error) {
    // The room is given back outside of the lock, by what is returned.
    let ended: (waiter: Waiter?, room: ReadingRoom.Share?)? = state.withLock { state in
      guard !state.isOver else { return nil }
      defer { state.end() }
      return (state.waiter, state.room)
    }
    ended?.waiter?.resume(throwing: error)
  }
}

/// One sequence of a job in a pass.
private struct JobItem<Reader: Head>: PassItem {
  let job: Job<Reader>
  let index: Int

  var sequence: SequenceInput { job.sequence(index) }
  var query: Reader.Query { job.query(index) }

  func receive(_ reading: Reader.Reading) { job.set(reading, at: index) }
}
