internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let embed = pipeline("embed", task: "feature-extraction", "/embed") {
    try await $0.embed($1, $2)
  }
  static let similarity = pipeline("similarity", task: "sentence-similarity", "/similarity") {
    try await $0.similarity($1, $2)
  }
}

extension HTTPInterface {
  /// TEI's `/embed`, and Hugging Face's feature-extraction (Formats/http.md §5).
  func embed(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body,
      [
        "inputs", "normalize", "truncate", "truncation_direction", "prompt_name", "dimensions",
        "encoding_format", "lang", "pooling",
      ])
    let wish = VectorWish(
      inputs: try fields.inputs("inputs", limit: options.maximumInputs, ids: true),
      text: try textOptions(fields), prompt: try prompt(fields))
    let pooling = try pooling(fields)
    let normalizes = try fields.bool("normalize") ?? true
    let format = try VectorFormat(fields)
    return try await compute(request) { served, texts in
      try self.checkDimensions(fields, served)
      let (works, notes) = try wish.works(pooling, with: texts)
      return Plan(works: works, notes: notes) { readings, answer in
        try await answer.write(listOf: readings) { answer, reading in
          try await answer.write(format.text(normalizes ? reading.normalized : reading))
        }
      }
    }
  }

  /// TEI's `/similarity`.
  func similarity(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["inputs", "parameters", "lang", "pooling"])
    let inputs = try fields.object("inputs", ["source_sentence", "sentences"])
    let parameters = try fields.object(
      "parameters", ["truncate", "truncation_direction", "prompt_name", "lang", "pooling"])
    guard let source = try inputs.string("source_sentence") else {
      throw APIError.malformed("\"source_sentence\" is missing: a text.")
    }
    let sentences = try inputs.inputs("sentences", limit: options.maximumInputs)
    guard sentences.isList else {
      throw APIError.malformed("\"sentences\" must be a list of texts.")
    }
    let text = try textOptions(fields, parameters)
    let prompt = try prompt(fields, parameters)
    let pooling = try pooling(fields, parameters)
    let first = VectorWish(
      inputs: Inputs(items: [.text(source)], isList: false), text: text, prompt: prompt)
    let others = VectorWish(inputs: sentences, text: text, prompt: prompt)
    return try await compute(request) { served, texts in
      var (works, notes) = try first.works(pooling, with: texts)
      let (more, moreNotes) = try others.works(pooling, of: "sentences", with: texts)
      works += more
      notes.isCut += moreNotes.isCut
      return Plan(works: works, notes: notes) { readings, answer in
        let vectors = readings.map(\.normalized)
        let cosines = vectors.dropFirst().map { vector in
          zip(vector, vectors[0]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        try await answer.write(.array(cosines.map { .number($0) }))
      }
    }
  }

  func checkDimensions(_ fields: Fields, _ served: ServedModel) throws {
    let size = served.text.configuration.embeddingSize
    guard let wanted = try fields.integer("dimensions", in: 1...(1 << 20)), wanted != size else {
      return
    }
    throw APIError.invalid(
      "\"dimensions\": this model's vectors have \(size), and were not trained to be cut.")
  }
}

/// Inputs of which vectors are wanted, and how they go into the model.
struct VectorWish: Sendable {
  let inputs: Inputs
  let text: TextOptions
  let prompt: RequestPrompt

  /// What has one vector made of each input.
  ///
  /// - Parameters:
  ///   - part: which of the inputs; nil: all.
  ///   - name: of the member that the inputs came with.
  func works(
    _ pooling: Pooling, _ part: Range<Int>? = nil, of name: String = "inputs",
    with texts: TextEncoder
  ) throws -> (works: [Work<SentencePooling>], notes: Notes) {
    var notes = try Notes(text, texts.text, ids: inputs.areIDs)
    let sequences = try sequences(part, of: name, with: texts, &notes)
    return (sequences.map { Work(sequence: $0, query: pooling) }, notes)
  }

  func sequences(
    _ part: Range<Int>? = nil, of name: String, with texts: TextEncoder, _ notes: inout Notes
  ) throws -> [SequenceInput] {
    try inputs.map(part, of: name) { item in
      try prompt.before(item, &notes).sequence(text, with: texts, &notes)
    }
  }

  /// The tokens of each input, none of which is kept: they may be as many as the bytes of the request.
  ///
  /// - Parameter maximum: the most that the queue holds.
  func measure(
    of name: String, with texts: TextEncoder, maximum: Int
  ) throws -> (counts: [Int], notes: Notes) {
    var notes = try Notes(text, texts.text, ids: inputs.areIDs)
    let counts = try inputs.map(of: name) { item in
      let sequence = try prompt.before(item, &notes).sequence(text, with: texts, &notes)
      guard sequence.ids.count <= maximum else {
        throw EngineError.tooMuch(tokens: sequence.ids.count, limit: maximum)
      }
      return sequence.ids.count
    }
    return (counts, notes)
  }
}
