internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let embedAll = post("embed-all", "/embed_all") { try await $0.embedAll($1, $2) }
}

extension HTTPInterface {
  /// TEI's `/embed_all` (Formats/http.md §5). The vectors of a long text may take more than all readings together: then its
  /// tokens are read in several passes.
  func embedAll(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body, ["inputs", "truncate", "truncation_direction", "prompt_name", "lang"])
    let wish = VectorWish(
      inputs: try fields.inputs("inputs", limit: options.maximumInputs, ids: true),
      text: try textOptions(fields), prompt: try prompt(fields))
    return try await computeInParts(request) { served in
      let (counts, notes) = try wish.measure(
        of: "inputs", with: TextEncoder(served.text), maximum: self.engine.queueCapacity)
      let width = served.text.configuration.embeddingSize
      let vector = width * MemoryLayout<Float>.stride
      let room = self.engine.roomForReadings / 2
      let stretches = TokenStretch.all(counts, atMost: max(room / vector, 1))
      let parts = self.parts(
        stretches.map { (counts[$0.input], $0.tokens.count * vector) }, room: room, served)
      return PartedPlan<TokenVectors>(
        partCount: parts.count, tokens: counts.reduce(0, +), notes: notes,
        works: { part in
          let stretches = stretches[parts[part]]
          guard let first = stretches.first?.input, let last = stretches.last?.input else {
            return []
          }
          var unsaid = notes
          let sequences = try wish.sequences(
            first..<last + 1, of: "inputs", with: TextEncoder(served.text), &unsaid)
          return stretches.map {
            Work(sequence: sequences[$0.input - first], query: $0.tokens)
          }
        },
        begin: { try await $0.write("[") },
        write: { part, readings, writer in
          for (stretch, states) in zip(stretches[parts[part]], readings) {
            try await writer.write(states, width: width, of: stretch)
          }
        },
        end: { try await $0.write("]") })
    }
  }
}

/// Tokens of one input that are read at once.
private struct TokenStretch {
  let input: Int
  let tokens: Range<Int>
  /// Whether no other tokens of the input come behind.
  let isLast: Bool

  /// All tokens of all inputs.
  ///
  /// - Parameters:
  ///   - counts: the tokens of each input, at least 1.
  ///   - most: tokens of a stretch.
  static func all(_ counts: [Int], atMost most: Int) -> [TokenStretch] {
    counts.enumerated().flatMap { input, count in
      stride(from: 0, to: count, by: most).map { start in
        let end = min(start + most, count)
        return TokenStretch(input: input, tokens: start..<end, isLast: end == count)
      }
    }
  }
}

extension AnswerWriter {
  /// Writes the vectors of a stretch, and the brackets of its input where that begins or ends.
  fileprivate mutating func write(
    _ states: [Float], width: Int, of stretch: TokenStretch
  ) async throws {
    for (row, start) in stride(from: 0, to: states.count, by: width).enumerated() {
      let isFirst = stretch.tokens.lowerBound + row == 0
      try await write(isFirst ? (stretch.input > 0 ? ",[" : "[") : ",")
      try await write(VectorFormat.decimals.text(Array(states[start..<start + width])))
    }
    if stretch.isLast { try await write("]") }
  }
}
