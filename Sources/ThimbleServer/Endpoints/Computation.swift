internal import HTTPTypes
internal import HummingbirdCore
internal import Thimble
internal import ThimbleSystem
internal import ThimbleText

extension HTTPInterface {
  /// What a request wants of the model, and how the answer is made of what was read, in the same order.
  struct Plan: Sendable {
    var works: [Work]
    /// Writes the body, the same each time.
    let write: @Sendable ([Reading], inout AnswerWriter) async throws -> Void
  }

  /// Makes a plan for the model that is being served, has it computed, and answers with what it writes.
  func compute(
    _ request: Incoming, _ plan: (ServedModel, inout Tokenizer?) throws -> Plan
  ) async throws -> Response {
    var attemptsLeft = 3
    while true {
      let served = engine.served
      var tokenizer = served.text.makeTokenizer()
      let start = monotonicSeconds()
      let plan = try plan(served, &tokenizer)
      let planned = monotonicSeconds()
      do {
        let readings = try await engine.run(plan.works, for: served)
        let computed = monotonicSeconds()
        let waited = (readings.firstTaken ?? planned) - planned
        let times: [(HTTPField.Name?, Double)] = [
          (HTTPField.Name("x-tokenization-time"), planned - start),
          (HTTPField.Name("x-queue-time"), waited),
          (HTTPField.Name("x-inference-time"), computed - planned - waited),
          (HTTPField.Name("x-total-time"), monotonicSeconds() - request.start),
        ]
        var headers = HTTPFields()
        for case (let name?, let seconds) in times { headers[name] = "\(Int(seconds * 1000))" }
        if let name = HTTPField.Name("x-compute-tokens") {
          headers[name] = "\(plan.works.reduce(0) { $0 + $1.tokenCount })"
        }
        return try await .answer(headers) { try await plan.write(readings.all, &$0) }
      } catch EngineError.outdated where attemptsLeft > 1 {
        // The file was opened again between planning and asking: its vocabulary may be another one.
        attemptsLeft -= 1
      }
    }
  }
}
