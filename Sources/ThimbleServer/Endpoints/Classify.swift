internal import HummingbirdCore
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let predict = post("predict", "/predict") { try await $0.predict($1, $2) }
  static let textClassification = pipeline("text-classification") {
    try await $0.textClassification($1, $2)
  }
}

extension HTTPInterface {
  /// TEI's `/predict` (Formats/http.md §9).
  func predict(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body, ["inputs", "truncate", "truncation_direction", "raw_scores", "lang"])
    let inputs = try fields.textsOrPairs("inputs", limit: options.maximumInputs)
    let text = try textOptions(fields)
    let isRaw = try fields.bool("raw_scores") ?? false
    let function: Classes.Function? = isRaw ? Classes.Function.none : nil
    return try await classify(inputs, text, request, isList: inputs.isList) { classes, logits in
      classes.ranked(logits, by: function)
    }
  }

  /// Hugging Face's text-classification (Formats/http.md §9).
  func textClassification(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body, ["inputs", "parameters", "options", "truncate", "truncation_direction", "lang"])
    let parameters = try fields.object(
      "parameters",
      ["function_to_apply", "top_k", "truncate", "truncation_direction", "lang", "language"])
    try fields.checkOptions()
    let text = try textOptions(fields, parameters, truncates: true)
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    let top = try parameters.integer("top_k", in: 1...1_000_000)
    let name = try parameters.string("function_to_apply")
    let function = name.flatMap(Classes.Function.init(rawValue:))
    guard function != nil || name == nil else {
      throw APIError.malformed(
        "\"function_to_apply\" must be \"softmax\", \"sigmoid\" or \"none\".")
    }
    return try await classify(inputs, text, request, isList: true) { classes, logits in
      let ranked = classes.ranked(logits, by: function)
      return Array(ranked.prefix(top ?? ranked.count))
    }
  }

  /// - Parameter isList: whether the answer to a single input is in a list too.
  private func classify(
    _ inputs: Inputs, _ text: TextOptions, _ request: Incoming, isList: Bool,
    _ answer: @escaping @Sendable (Classes, [Float]) -> [ClassScore]
  ) async throws -> Response {
    return try await compute(request) { served, texts in
      guard let classes = served.classes else {
        throw APIError.lacksHead("that classifies: it was not fine-tuned for it")
      }
      var notes = try Notes(text, served.text)
      let works = try inputs.map { item in
        Work<SequenceClassifier>(
          sequence: try item.sequence(text, with: texts, &notes), query: .init())
      }
      return Plan(works: works, notes: notes) { [notes] logits, writer in
        let answers = zip(logits, notes.isCut).map { logits, isCut in
          answer(classes, logits).json.about(cutInput: isCut)
        }
        try await writer.write(isList ? .array(answers) : answers[0])
      }
    }
  }
}
