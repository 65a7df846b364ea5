internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleText

extension HTTPInterface {
  /// TEI's `/embed` (Formats/http.md §5).
  func embed(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body,
      ["inputs", "normalize", "truncate", "truncation_direction", "prompt_name", "dimensions"])
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs, ids: true)
    let normalizes = try fields.bool("normalize") ?? true
    try fields.ignore("truncation_direction") { $0 == "right" || $0 == "Right" }
    try fields.ignore("prompt_name") { _ in false }
    let truncates = try fields.bool("truncate") ?? false
    return try await compute(request) { served, tokenizer in
      try self.checkDimensions(fields, served)
      let works = try self.works(inputs, served, truncates: truncates, with: &tokenizer)
      return Plan(works: works) { readings, answer in
        try await answer.write(listOf: readings) { answer, reading in
          try await answer.write(Self.json(Self.vector(reading, normalized: normalizes)))
        }
      }
    }
  }

  /// OpenAI's embeddings (Formats/http.md §6).
  func openAIEmbeddings(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["input", "model", "encoding_format", "dimensions", "user"])
    let inputs = try fields.inputs("input", limit: options.maximumInputs, ids: true)
    _ = try (fields.string("model"), fields.string("user"))
    let format = try fields.string("encoding_format") ?? "float"
    guard ["float", "base64"].contains(format) else {
      throw APIError.malformed("\"encoding_format\" must be \"float\" or \"base64\".")
    }
    return try await compute(request) { served, tokenizer in
      try self.checkDimensions(fields, served)
      let works = try self.works(inputs, served, truncates: false, with: &tokenizer)
      let tokens = works.reduce(0) { $0 + $1.tokenCount }
      return Plan(works: works) { readings, answer in
        try await answer.write("{\"object\":\"list\",\"data\":")
        try await answer.write(listOf: readings.enumerated()) { answer, element in
          let vector = try Self.vector(element.element, normalized: true)
          let text = format == "base64" ? "\"\(base64(vector))\"" : Self.json(vector)
          try await answer.write(
            "{\"object\":\"embedding\",\"index\":\(element.offset),\"embedding\":\(text)}")
        }
        try await answer.write(
          ",\"model\":\(JSONValue.string(self.options.name).text()),"
            + "\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}}")
      }
    }
  }

  /// TEI's `/similarity`.
  func similarity(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["inputs"])
    let inputs = try fields.object("inputs", ["source_sentence", "sentences"])
    guard let source = try inputs.string("source_sentence") else {
      throw APIError.malformed("\"source_sentence\" is missing: a text.")
    }
    let sentences = try inputs.inputs("sentences", limit: options.maximumInputs)
    guard sentences.isList else {
      throw APIError.malformed("\"sentences\" must be a list of texts.")
    }
    let all = Inputs(items: [.text(source)] + sentences.items, isList: true)
    return try await compute(request) { served, tokenizer in
      let works = try self.works(all, served, truncates: false, with: &tokenizer)
      return Plan(works: works) { readings, answer in
        let vectors = try readings.map { try Self.vector($0, normalized: true) }
        let cosines = vectors.dropFirst().map { vector in
          zip(vector, vectors[0]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        try await answer.write(.array(cosines.map { .number($0) }))
      }
    }
  }

  private func checkDimensions(_ fields: Fields, _ served: ServedModel) throws {
    let size = served.text.configuration.embeddingSize
    guard let wanted = try fields.integer("dimensions", in: 1...(1 << 20)), wanted != size else {
      return
    }
    throw APIError.invalid("\"dimensions\": this model's vectors have \(size), and cannot be cut.")
  }

  private func works(
    _ inputs: Inputs, _ served: ServedModel, truncates: Bool, with tokenizer: inout Tokenizer?
  ) throws -> [Work] {
    var text = options.text
    text.truncates = truncates
    return try inputs.items.map { item in
      Work(sequence: try item.sequence(text, served.text, with: &tokenizer), wanted: .vector)
    }
  }

  private static func vector(_ reading: Reading, normalized: Bool) throws -> [Float] {
    guard case .vector(let vector) = reading else { preconditionFailure("a vector was wanted") }
    let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    guard length.isFinite else {
      throw APIError.notFinite
    }
    return normalized && length > 0 ? vector.map { Float(Double($0) / length) } : vector
  }

  /// Written by hand: as JSON values the numbers would take ten times their size.
  private static func json(_ vector: [Float]) -> String {
    "[" + vector.lazy.map(\.description).joined(separator: ",") + "]"
  }
}

/// The little-endian bytes of `values` in base64.
package func base64(_ values: [Float]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((values.count * 4 + 2) / 3 * 4)
  var (group, count) = (0, 0)
  func append(padding: Int) {
    for place in 0..<4 {
      text.append(place < 4 - padding ? alphabet[group >> (18 - 6 * place) & 63] : 0x3D)
    }
  }
  for value in values {
    for shift in stride(from: 0, to: 32, by: 8) {
      group = group << 8 | Int(value.bitPattern >> UInt32(shift) & 255)
      count += 1
      if count == 3 {
        append(padding: 0)
        (group, count) = (0, 0)
      }
    }
  }
  if count > 0 {
    group <<= 8 * (3 - count)
    append(padding: 3 - count)
  }
  return String(decoding: text, as: UTF8.self)
}
