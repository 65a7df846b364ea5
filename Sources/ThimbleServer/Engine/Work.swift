internal import Synchronization
package import Thimble
internal import ThimbleModel

/// A sequence, and what is to be read of it once the model has run.
package struct Work: Sendable {
  package enum Wanted: Sendable {
    /// The choices for these masks of the query, by their numbers.
    case fillings(FillMaskQuery, masks: Range<Int>)
    /// The mean of the last hidden states.
    case vector
    /// The logits of all classes.
    case classes
    /// log p of token `id` at `index`, where the sequence has a mask.
    case logProbability(id: Int, index: Int)

    var isVector: Bool { if case .vector = self { true } else { false } }
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

  /// What was read of the same sequence at one more position.
  func joined(with other: Reading?) -> Reading {
    guard case .choices(let more) = self, case .choices(let first)? = other else { return self }
    return .choices(first + more)
  }
}

/// What one request wants of the model, and what it has got so far.
package final class Job: Sendable {
  let works: [Work]
  /// The model that the sequences were made for.
  let generation: Int
  let tokenCount: Int
  private let state: Mutex<State>

  private struct State {
    var readings: [Reading?]
    var missing: Int
    var waiter: CheckedContinuation<[Reading], any Error>?
    var isOver = false
    var firstTaken: Double?
  }

  /// - Parameter works: at least one.
  package init(_ works: [Work], generation: Int) {
    self.works = works
    self.generation = generation
    tokenCount = works.reduce(0) { $0 + $1.tokenCount }
    state = Mutex(
      State(readings: [Reading?](repeating: nil, count: works.count), missing: works.count))
  }

  /// Whether nobody waits for it any more.
  var isOver: Bool { state.withLock(\.isOver) }

  /// When its first sequence went into a pass.
  var firstTaken: Double? { state.withLock(\.firstTaken) }

  func took(at time: Double) { state.withLock { $0.firstTaken = $0.firstTaken ?? time } }

  /// - Returns: false if the job was over before.
  func wait(_ waiter: CheckedContinuation<[Reading], any Error>) -> Bool {
    state.withLock {
      guard !$0.isOver else { return false }
      $0.waiter = waiter
      return true
    }
  }

  func set(_ reading: Reading, at index: Int) {
    let finished: (CheckedContinuation<[Reading], any Error>?, [Reading])? = state.withLock {
      guard !$0.isOver else { return nil }
      $0.readings[index] = reading
      $0.missing -= 1
      guard $0.missing == 0 else { return nil }
      $0.isOver = true
      return ($0.waiter, $0.readings.compactMap(\.self))
    }
    if let finished { finished.0?.resume(returning: finished.1) }
  }

  package func fail(_ error: any Error) {
    let waiter: CheckedContinuation<[Reading], any Error>? = state.withLock {
      guard !$0.isOver else { return nil }
      $0.isOver = true
      return $0.waiter
    }
    waiter?.resume(throwing: error)
  }
}
