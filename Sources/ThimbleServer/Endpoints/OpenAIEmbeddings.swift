internal import HTTPTypes
internal import HummingbirdCore
internal import Synchronization
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

extension Endpoint {
  static let openAIEmbeddings = post("v1-embeddings", "/v1/embeddings") {
    try await $0.openAIEmbeddings($1, $2)
  }
}

extension HTTPInterface {
  /// OpenAI's limit of the inputs of a request.
  private static let inputLimit = 2048

  /// OpenAI's embeddings (Formats/http.md §6).
  func openAIEmbeddings(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body,
      [
        "input", "model", "encoding_format", "dimensions", "user", "truncate",
        "truncation_direction", "prompt_name", "lang", "pooling",
      ])
    let wish = VectorWish(
      inputs: try fields.inputs(
        "input", limit: max(options.maximumInputs, Self.inputLimit), ids: true),
      text: try textOptions(fields), prompt: try prompt(fields))
    let pooling = try pooling(fields)
    let format = try VectorFormat(fields)
    let model = try fields.string("model")
    _ = try fields.string("user")
    let answer = EmbeddingsAnswer(
      format: format, model: options.name,
      warning: model.map { isServedName($0) } ?? true
        ? nil : "\"model\" names another model; the one that is served answered.")
    func check(_ served: ServedModel) throws {
      try checkDimensions(fields, served)
      try checkIDs(wish.inputs, served)
    }
    if wish.inputs.items.count <= options.maximumInputs {
      do {
        return try await compute(request) { served, texts in
          try check(served)
          var (works, notes) = try wish.works(pooling, of: "input", with: texts)
          notes.warnings += [answer.warning].compactMap(\.self)
          let tokens = works.reduce(0) { $0 + $1.tokenCount }
          return Plan(works: works, notes: notes) { [notes] readings, writer in
            try await answer.begin(&writer)
            try await answer.write(readings, from: 0, notes.isCut, &writer)
            try await answer.end(tokens: tokens, &writer)
          }
        }
      } catch EngineError.tooMuch where wish.inputs.items.count > 1 {}
    }
    return try await computeInParts(request) { served in
      try check(served)
      var (counts, notes) = try wish.measure(
        of: "input", with: TextEncoder(served.text), maximum: self.engine.queueCapacity)
      notes.warnings += [answer.warning].compactMap(\.self)
      let size = MemoryLayout<Float>.stride * served.text.configuration.embeddingSize
      let parts = self.parts(
        counts.map { ($0, size) }, room: self.engine.roomForReadings / 4, served)
      let tokens = counts.reduce(0, +)
      return PartedPlan<SentencePooling>(
        partCount: parts.count, tokens: tokens, notes: notes,
        works: { part in
          try wish.works(pooling, parts[part], of: "input", with: TextEncoder(served.text)).works
        },
        begin: { try await answer.begin(&$0) },
        write: { [notes] part, readings, writer in
          try await answer.write(readings, from: parts[part].lowerBound, notes.isCut, &writer)
        },
        end: { try await answer.end(tokens: tokens, &$0) })
    }
  }

  /// Whether `name` is that of the model; its part behind the last `/` will do too.
  private func isServedName(_ name: String) -> Bool {
    name == options.name || name == options.name.split(separator: "/").last.map(String.init)
  }

  /// Clients of OpenAI are wont to send ids of OpenAI's own tokenizers, which stand for other words here.
  private func checkIDs(_ inputs: Inputs, _ served: ServedModel) throws {
    let advice =
      "Send texts: LangChain's OpenAIEmbeddings does so with check_embedding_ctx_length=False."
    let special = served.text.configuration.specialIDs
    _ = try inputs.map(of: "input") { item in
      guard case .ids(let ids) = item else { return }
      guard options.takesTokenIDs else {
        throw APIError.invalid(
          "Token ids are not accepted here, since other tokenizers number words differently. \(advice)"
        )
      }
      let first = ids.first ?? -1
      let last = ids.last { $0 != special.padding }
      guard [special.beginning, special.end].contains(first), last == special.end, ids.count > 1
      else {
        throw APIError.invalid(
          "The token ids do not begin and end as this model's do: another tokenizer made them. \(advice)"
        )
      }
    }
  }
}

/// The shape of OpenAI's answer, written piece by piece.
struct EmbeddingsAnswer: Sendable {
  let format: VectorFormat
  let model: String
  let warning: String?

  func begin(_ writer: inout AnswerWriter) async throws {
    try await writer.write("{\"object\":\"list\",\"data\":[")
  }

  /// - Parameters:
  ///   - start: the number of the first of `readings` among all.
  ///   - isCut: of every input, whether it was cut.
  func write(
    _ readings: [SentencePooling.Reading], from start: Int, _ isCut: [Bool],
    _ writer: inout AnswerWriter
  ) async throws {
    for (offset, reading) in readings.enumerated() {
      let index = start + offset
      let vector = format.text(reading.normalized)
      try await writer.write(
        (index > 0 ? "," : "")
          + "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":\(vector)"
          + (isCut[index] ? ",\"truncated\":true}" : "}"))
    }
  }

  func end(tokens: Int, _ writer: inout AnswerWriter) async throws {
    try await writer.write(
      "],\"model\":\(JSONValue.string(model).text()),"
        + "\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}")
  }
}
