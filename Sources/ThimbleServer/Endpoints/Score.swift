internal import HummingbirdCore
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let score = post("score", "/score") { try await $0.score($1, $2) }
}

extension HTTPInterface {
  /// Likelihoods, of masked and of causal models (Formats/http.md §7).
  func score(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["inputs", "parameters", "lang"])
    let parameters = try fields.object("parameters", ["method", "lang", "language"])
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    let name = try parameters.string("method") ?? ScoreMethod.withinWordLeftToRight.rawValue
    guard let method = ScoreMethod(rawValue: name) else {
      throw APIError.malformed(
        "\"method\" must be \"original\", \"within_word_l2r\" or \"causal\".")
    }
    // A text that is cut has another likelihood.
    let text = try textOptions(fields, parameters, truncates: false)
    return try await compute(request) { served, texts in
      _ = try served.fillsMasks()
      let notes = try Notes(text, served.text)
      var cost = 0
      let queries = try inputs.map { item in
        let query = try ScoreQuery(item.text, method, text, with: texts)
        // Before the sequences are made: there may be one for each token.
        cost += query.cost
        try self.check(cost: cost)
        return query
      }
      let works = queries.flatMap { query in
        query.items.map { Work<MaskedLanguageModel>(sequence: $0.sequence, query: $0.query) }
      }
      return Plan(works: works, notes: notes) { readings, answer in
        var rest = readings[...]
        func write(_ writer: inout AnswerWriter, _ query: ScoreQuery) async throws {
          try await writer.write(query.answer(rest.prefix(query.count)).json)
          rest = rest.dropFirst(query.count)
        }
        if inputs.isList {
          try await answer.write(listOf: queries, write)
        } else {
          try await write(&answer, queries[0])
        }
      }
    }
  }
}
