internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import Synchronization
internal import Thimble
internal import ThimbleModel
internal import ThimbleSystem

/// An answer that is computed and written in parts, since neither the queue nor the room for readings would hold all of it.
struct PartedPlan<Reader: Head>: Sendable {
  /// At least 1.
  let partCount: Int
  /// The tokens of all inputs.
  let tokens: Int
  let notes: Notes
  /// What a part wants of the model: the same each time.
  let works: @Sendable (_ part: Int) throws -> [Work<Reader>]
  /// Writes what comes before the first part.
  let begin: @Sendable (inout AnswerWriter) async throws -> Void
  let write: @Sendable (_ part: Int, [Reader.Reading], inout AnswerWriter) async throws -> Void
  /// Writes what comes after the last part.
  let end: @Sendable (inout AnswerWriter) async throws -> Void
}

extension HTTPInterface {
  /// Computes a part while what was made before is on its way, so that memory does not grow with the request, and other clients
  /// get their turn in between.
  ///
  /// - Parameter plan: reads all inputs: what is wrong with one is told instead of an answer.
  func computeInParts<Reader: Head>(
    _ request: Incoming, _ plan: (ServedModel) throws -> PartedPlan<Reader>
  ) async throws -> Response {
    var attemptsLeft = 3
    while true {
      let served = engine.served
      let start = monotonicSeconds()
      let plan = try plan(served)
      let planned = monotonicSeconds()
      do {
        let first = try await read(plan.works(0), for: served)
        var headers = HTTPFields()
        plan.notes.add(to: &headers)
        headers.add("x-compute-tokens", "\(plan.tokens)")
        headers.add(milliseconds: planned - start, "x-tokenization-time")
        headers.add(milliseconds: (first.firstTaken ?? planned) - planned, "x-queue-time")
        let held = Handover(first)
        return .stream(headers) { writer in
          try await plan.begin(&writer)
          for part in 0..<plan.partCount {
            var readings = held.take()
            if readings == nil { readings = try await self.readPatiently(plan.works(part), served) }
            try await plan.write(part, readings?.all ?? [], &writer)
          }
          try await plan.end(&writer)
        }
      } catch EngineError.outdated where attemptsLeft > 1 {
        attemptsLeft -= 1
      }
    }
  }

  /// Parts of what costs `costs`, in order: of about two passes each, so that each pass is full.
  ///
  /// - Parameter room: what the readings of a part may take, in bytes.
  func parts(
    _ costs: [(tokens: Int, bytes: Int)], room: Int, _ served: ServedModel
  ) -> [Range<Int>] {
    let most = min(engine.queueCapacity, 2 * served.passCapacity)
    var parts: [Range<Int>] = []
    var (start, tokens, bytes) = (0, 0, 0)
    for (index, cost) in costs.enumerated() {
      if index > start, tokens + cost.tokens > most || bytes + cost.bytes > room {
        parts.append(start..<index)
        (start, tokens, bytes) = (index, 0, 0)
      }
      tokens += cost.tokens
      bytes += cost.bytes
    }
    return parts + [start..<costs.count]
  }

  /// Waits while the queue is full: the beginning of the answer has been sent.
  private func readPatiently<Reader: Head>(
    _ works: [Work<Reader>], _ served: ServedModel
  ) async throws -> Readings<Reader> {
    while true {
      do { return try await read(works, for: served) } catch EngineError.full {
        try await Task.sleep(for: .milliseconds(50))
      } catch {
        logger.warning("an answer breaks off", metadata: ["error": "\(error)"])
        throw error
      }
    }
  }
}

/// Readings that are handed over once, so that their room is free as soon as they are written.
private final class Handover<Reader: Head>: Sendable {
  private let readings: Mutex<Readings<Reader>?>

  init(_ readings: Readings<Reader>) { self.readings = Mutex(readings) }

  func take() -> Readings<Reader>? {
    readings.withLock { readings in
      defer { readings = nil }
      return readings
    }
  }
}
