internal import Synchronization
package import Thimble
package import ThimbleModel

/// A sequence, and what is to be read of it once the model has run.
package struct Work: Sendable {
  package enum Wanted: Sendable {
    /// The choices for these masks of the query, by their numbers.
    case fillings(FillMaskQuery, masks: Range<Int>)
    /// A vector made of the last hidden states.
    case vector(Pooling)
    /// The logits of all classes.
    case classes
    /// log p of token `id` at `index`, where the sequence has a mask.
    case logProbability(id: Int, index: Int)

    var pooling: Pooling? { if case .vector(let pooling) = self { pooling } else { nil } }
    var isClasses: Bool { if case .classes = self { true } else { false } }
  }

  let sequence: SequenceInput
  let wanted: Wanted

  package init(sequence: SequenceInput, wanted: Wanted) {
    self.sequence = sequence
    self.wanted = wanted
  }

  var tokenCount: Int { sequence.ids.count }

  /// The tokens whose logits are needed; nil if all tokens are needed, but no logits.
  var scored: [Int]? {
    switch wanted {
    case .fillings(let query, let masks): Array(query.positions[masks])
    case .vector, .classes: nil
    case .logProbability(_, let index): [index]
    }
  }

  /// What its reading takes until it is answered, in bytes.
  ///
  /// - Parameters:
  ///   - width: of a vector.
  ///   - classCount: the classes of the model.
  func readingSize(width: Int, classCount: Int) -> Int {
    switch wanted {
    case .fillings(let query, let masks):
      masks.count * query.choiceCount * MemoryLayout<FillMaskQuery.Choice>.stride
    case .vector: width * MemoryLayout<Float>.stride
    case .classes: classCount * MemoryLayout<Float>.stride
    case .logProbability: MemoryLayout<Reading>.stride
    }
  }

  func read(_ logits: Logits) -> Reading {
    switch wanted {
    case .fillings(let query, _): .choices([query.choices(logits)])
    case .logProbability(let id, _): .logProbability(Double(logits[id]) - logits.logSumExp)
    case .vector, .classes: preconditionFailure("no logits were wanted")
    }
  }
}

/// What was read.
enum Reading: Sendable, Equatable {
  case choices([[FillMaskQuery.Choice]])
  case vector([Float])
  case classLogits([Float])
  case logProbability(Double)

  var choices: [[FillMaskQuery.Choice]] {
    if case .choices(let choices) = self { choices } else { [] }
  }

  /// Whether all of it are numbers that JSON can say.
  var isFinite: Bool {
    switch self {
    case .choices(let choices):
      choices.allSatisfy { $0.allSatisfy { $0.probability.isFinite && $0.logit.isFinite } }
    case .vector(let values), .classLogits(let values): values.allSatisfy(\.isFinite)
    case .logProbability(let value): value.isFinite
    }
  }

  /// What was read of the same sequence at one more position.
  func joined(with other: Reading?) -> Reading {
    guard case .choices(let more) = self, case .choices(let first)? = other else { return self }
    return .choices(first + more)
  }
}

/// All that was read for a request. Its room is held as long as this lives.
final class Readings: Sendable {
  let all: [Reading]
  /// When the first sequence went into a pass.
  let firstTaken: Double?
  private let room: ReadingRoom.Share?

  init(_ all: [Reading], in room: ReadingRoom.Share?, since firstTaken: Double?) {
    (self.all, self.room, self.firstTaken) = (all, room, firstTaken)
  }
}

/// What one request wants of the model, and what it has got so far.
package final class Job: Sendable {
  let works: [Work]
  /// The model that the sequences were made for.
  let generation: Int
  let tokenCount: Int
  /// The bytes that all its readings take.
  package let readingSize: Int
  private let state: Mutex<State>

  private struct State {
    var readings: [Reading?]
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

  typealias Waiter = CheckedContinuation<Readings, any Error>

  /// - Parameters:
  ///   - works: at least one.
  ///   - readingSize: the bytes that their readings take.
  package init(_ works: [Work], generation: Int, readingSize: Int) {
    self.works = works
    self.generation = generation
    self.readingSize = readingSize
    tokenCount = works.reduce(0) { $0 + $1.tokenCount }
    state = Mutex(
      State(readings: [Reading?](repeating: nil, count: works.count), missing: works.count))
  }

  /// Whether nobody waits for it any more.
  var isOver: Bool { state.withLock(\.isOver) }

  func took(at time: Double) { state.withLock { $0.firstTaken = $0.firstTaken ?? time } }

  /// - Returns: false, with nothing changed, if there is no room in `room` for what will be read.
  func takeRoom(in room: ReadingRoom, whenAwaited: @escaping @Sendable () -> Void) -> Bool {
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

  func set(_ reading: Reading, at index: Int) {
    let finished: (waiter: Waiter?, readings: Readings)? = state.withLock { state in
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
