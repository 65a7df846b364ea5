internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let rerank = post("rerank", "/rerank") { try await $0.rerank($1, $2) }
}

extension HTTPInterface {
  /// TEI's `/rerank` (Formats/http.md §9).
  func rerank(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body,
      [
        "query", "texts", "truncate", "truncation_direction", "raw_scores", "return_text", "label",
        "lang",
      ])
    guard let query = try fields.string("query") else {
      throw APIError.malformed("\"query\" is missing: a text.")
    }
    let inputs = try fields.inputs("texts", limit: options.maximumInputs)
    guard inputs.isList else { throw APIError.malformed("\"texts\" must be a list of texts.") }
    // It is split into tokens once for each text.
    let bytes = query.utf8.count * inputs.items.count
    guard bytes <= options.maximumBody else {
      throw APIError.invalid(
        "\"query\" counts once for each text: \(bytes) bytes in all; at most \(options.maximumBody) are accepted."
      )
    }
    let text = try textOptions(fields)
    let isRaw = try fields.bool("raw_scores") ?? false
    let returnsText = try fields.bool("return_text") ?? false
    let label = try fields.string("label")
    return try await compute(request) { served, texts in
      guard let classes = served.classes else {
        throw APIError.lacksHead("that compares texts: it was not fine-tuned for it")
      }
      let relevance: Relevance
      do { relevance = try Relevance(classes, label: label) } catch {
        throw APIError(error).at("\"label\"")
      }
      var notes = try Notes(text, served.text)
      let works = try inputs.map(of: "texts") { item in
        Work<SequenceClassifier>(
          sequence: try Inputs.Item.pair(query, item.text).sequence(text, with: texts, &notes),
          query: .init())
      }
      return Plan(works: works, notes: notes) { [notes] logits, answer in
        let scores = logits.map { relevance.score($0, isRaw: isRaw) }
        let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        try await answer.write(listOf: order) { writer, index in
          var rank: JSONObject = ["index": JSONValue(index), "score": .number(scores[index])]
          if returnsText { rank.set("text", to: .string(inputs.items[index].text)) }
          try await writer.write(JSONValue.object(rank).about(cutInput: notes.isCut[index]))
        }
      }
    }
  }
}
