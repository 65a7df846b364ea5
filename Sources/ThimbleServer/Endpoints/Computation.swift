internal import HTTPTypes
internal import HummingbirdCore
internal import Thimble
internal import ThimbleSystem
internal import ThimbleText

extension HTTPInterface {
  /// What a request wants of the model, and how the answer is made of what was read, in the same order.
  struct Plan: Sendable {
    var works: [Work]
    let body: @Sendable ([Reading]) throws -> String
  }

  /// Makes a plan for the model that is being served, has it computed, and answers with its body.
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
        let (readings, waited) = try await engine.run(plan.works, generation: served.generation)
        let computed = monotonicSeconds()
        let body = try plan.body(readings)
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
        return Response(json: body, headers: headers)
      } catch EngineError.outdated where attemptsLeft > 1 {
        // The file was opened again between planning and asking: its vocabulary may be another one.
        attemptsLeft -= 1
      }
    }
  }
}
