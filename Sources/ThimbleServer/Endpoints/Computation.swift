internal import HTTPTypes
internal import HummingbirdCore
internal import Thimble
internal import ThimbleModel
internal import ThimbleSystem

extension HTTPInterface {
  /// What a request wants of the model, and how the answer is made of what was read, in the same order.
  struct Plan<Reader: Head>: Sendable {
    var works: [Work<Reader>]
    var notes: Notes
    /// Writes the body, the same each time.
    let write: @Sendable ([Reader.Reading], inout AnswerWriter) async throws -> Void
  }

  /// Makes a plan for the model that is being served, has it computed, and answers with what it writes.
  func compute<Reader: Head>(
    _ request: Incoming, _ plan: (ServedModel, TextEncoder) throws -> Plan<Reader>
  ) async throws -> Response {
    var attemptsLeft = 3
    while true {
      let served = engine.served
      let start = monotonicSeconds()
      let plan = try plan(served, TextEncoder(served.text))
      let planned = monotonicSeconds()
      do {
        let readings = try await read(plan.works, for: served)
        let computed = monotonicSeconds()
        let waited = (readings.firstTaken ?? planned) - planned
        var headers = HTTPFields()
        plan.notes.add(to: &headers)
        headers.add("x-compute-tokens", "\(plan.works.reduce(0) { $0 + $1.tokenCount })")
        headers.add(milliseconds: planned - start, "x-tokenization-time")
        headers.add(milliseconds: waited, "x-queue-time")
        headers.add(milliseconds: computed - planned - waited, "x-inference-time")
        headers.add(milliseconds: monotonicSeconds() - request.start, "x-total-time")
        return try await .answer(headers) { try await plan.write(readings.all, &$0) }
      } catch EngineError.outdated where attemptsLeft > 1 {
        // The file was opened again between planning and asking: its vocabulary may be another one.
        attemptsLeft -= 1
      }
    }
  }

  /// What `works` want of `served`.
  ///
  /// - Throws: `APIError.notFinite` for what JSON cannot say.
  func read<Reader: Head>(
    _ works: [Work<Reader>], for served: ServedModel
  ) async throws -> Readings<Reader> {
    // A text without tokens may want nothing.
    guard !works.isEmpty else { return Readings([], in: nil, since: nil) }
    let readings = try await engine.run(works, for: served)
    guard readings.all.allSatisfy(Reader.isFinite) else { throw APIError.notFinite }
    return readings
  }
}
