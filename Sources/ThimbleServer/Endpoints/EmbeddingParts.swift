internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import Synchronization
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleSystem

extension HTTPInterface {
  /// Answers a request of more inputs than the queue or the room for readings would hold: computes a part while what was made
  /// before is on its way, so that neither grows with the request, and other clients get their turn in between.
  ///
  /// All inputs are read once before any is computed: what is wrong with one is told instead of an answer.
  func computeInParts(
    _ wish: VectorWish, _ request: Incoming, _ answer: EmbeddingsAnswer,
    _ check: (ServedModel) throws -> Void
  ) async throws -> Response {
    var attemptsLeft = 3
    while true {
      let served = engine.served
      let start = monotonicSeconds()
      try check(served)
      let (counts, notes) = try wish.measure(served, maximum: engine.queueCapacity)
      let parts = parts(counts, served)
      let planned = monotonicSeconds()
      do {
        let first = try await read(wish, parts[0], served)
        var headers = HTTPFields()
        let tokens = counts.reduce(0, +)
        notes.add(to: &headers)
        headers.add("x-warning", answer.warning)
        headers.add("x-compute-tokens", "\(tokens)")
        headers.add(milliseconds: planned - start, "x-tokenization-time")
        headers.add(milliseconds: (first.firstTaken ?? planned) - planned, "x-queue-time")
        let held = Handover(first)
        return .stream(headers) { writer in
          try await answer.begin(&writer)
          for part in parts {
            var readings = held.take()
            if readings == nil { readings = try await self.readPatiently(wish, part, served) }
            try await answer.write(readings?.all ?? [], from: part.lowerBound, &writer)
          }
          try await answer.end(tokens: tokens, &writer)
        }
      } catch EngineError.outdated where attemptsLeft > 1 {
        attemptsLeft -= 1
      }
    }
  }

  /// Parts of the inputs: about two passes each, so that each pass is full, and no more vectors than take a quarter of
  /// the room.
  private func parts(_ counts: [Int], _ served: ServedModel) -> [Range<Int>] {
    let vector = MemoryLayout<Float>.stride * served.text.configuration.embeddingSize
    let most = max(engine.roomForReadings / 4 / vector, 1)
    let tokens = min(engine.queueCapacity, 2 * served.passCapacity)
    var parts: [Range<Int>] = []
    var (start, sum) = (0, 0)
    for (index, count) in counts.enumerated() {
      if index > start, index - start == most || sum + count > tokens {
        parts.append(start..<index)
        (start, sum) = (index, 0)
      }
      sum += count
    }
    return parts + [start..<counts.count]
  }

  private func read(
    _ wish: VectorWish, _ part: Range<Int>, _ served: ServedModel
  ) async throws -> Readings<SentencePooling> {
    try await read(
      wish.works(part, of: "input", with: TextEncoder(served.text)).works, for: served)
  }

  /// Waits while the queue is full: the beginning of the answer has been sent.
  private func readPatiently(
    _ wish: VectorWish, _ part: Range<Int>, _ served: ServedModel
  ) async throws -> Readings<SentencePooling> {
    while true {
      do { return try await read(wish, part, served) } catch EngineError.full {
        try await Task.sleep(for: .milliseconds(50))
      } catch {
        logger.warning("an answer breaks off", metadata: ["error": "\(error)"])
        throw error
      }
    }
  }
}

extension VectorWish {
  /// The tokens of each input. None is kept: they may be as many as the bytes of the request.
  ///
  /// - Parameter maximum: the most that the queue holds.
  fileprivate func measure(
    _ served: ServedModel, maximum: Int
  ) throws -> (counts: [Int], notes: Notes) {
    let texts = TextEncoder(served.text)
    var notes = try Notes(text, served.text, ids: inputs.areIDs)
    let counts = try inputs.map(of: "input") { item in
      let count = try item.sequence(text, with: texts, &notes).ids.count
      guard count <= maximum else { throw EngineError.tooMuch(tokens: count, limit: maximum) }
      return count
    }
    return (counts, notes)
  }
}

/// Readings that are handed over once, so that their room is free as soon as they are written.
private final class Handover: Sendable {
  private let readings: Mutex<Readings<SentencePooling>?>

  init(_ readings: Readings<SentencePooling>) { self.readings = Mutex(readings) }

  func take() -> Readings<SentencePooling>? {
    readings.withLock { readings in
      defer { readings = nil }
      return readings
    }
  }
}
