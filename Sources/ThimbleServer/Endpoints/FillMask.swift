internal import HummingbirdCore
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let fillMask = pipeline("fill-mask", "/fill-mask") { try await $0.fillMask($1, $2) }
}

extension HTTPInterface {
  /// Hugging Face's fill-mask (Formats/http.md §4).
  func fillMask(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(
      body, ["inputs", "parameters", "options", "truncate", "truncation_direction", "lang"])
    let parameters = try fields.object(
      "parameters",
      ["top_k", "targets", "truncate", "truncation_direction", "lang", "language"])
    try fields.checkOptions()
    let text = try textOptions(fields, parameters)
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    var fill = FillMaskOptions()
    fill.convention = text.convention
    fill.language = text.language
    fill.truncationSide = text.truncationSide
    fill.top = try parameters.integer("top_k", in: 1...1000) ?? 5
    fill.targets = try parameters.strings("targets") ?? []
    guard fill.targets.count <= 1000 else {
      throw APIError.invalid(
        "\"targets\" has \(fill.targets.count) members; at most 1000 are accepted.")
    }
    return try await compute(request) { [fill] served, texts in
      let perWork = try served.fillsMasks()
      let targets = try FillMaskTargets(fill.targets, with: texts)
      var notes = try Notes(text, served.text)
      notes.add(targets.replacements, served.text)
      let queries = try inputs.map { item in
        let query = try cutting(text.truncates, &notes) { truncates throws(ThimbleError) in
          var fill = fill
          fill.truncates = truncates
          return try FillMaskQuery(item.text, fill, targets: targets, with: texts)
        }
        notes.look(at: query.sequence, served.text)
        return query
      }
      return Self.plan(queries, notes, isList: inputs.isList, perWork: perWork)
    }
  }

  /// - Parameter perWork: the most masks whose logits one pass computes for a query, so that a text of many masks
  ///   does not hold up the others.
  private static func plan(
    _ queries: [FillMaskQuery], _ notes: Notes, isList: Bool, perWork: Int
  ) -> Plan<MaskedLanguageModel> {
    let works = queries.flatMap { query in
      stride(from: 0, to: query.positions.count, by: perWork).map { start in
        let masks = start..<min(start + perWork, query.positions.count)
        return Work<MaskedLanguageModel>(
          sequence: query.sequence, query: query.scoring(masks: masks))
      }
    }
    return Plan(works: works, notes: notes) { readings, answer in
      var rest = readings.flatMap(\.self)[...]
      if isList {
        try await answer.write(listOf: zip(queries, notes.isCut)) { writer, query in
          try await writer.write(query.0, isCut: query.1, &rest)
        }
      } else {
        try await answer.write(queries[0], isCut: notes.isCut[0], &rest)
      }
    }
  }
}

extension AnswerWriter {
  /// - Parameter choices: those for the masks of `query`, and more behind them; taken away.
  fileprivate mutating func write(
    _ query: FillMaskQuery, isCut: Bool, _ choices: inout ArraySlice<[TokenScore]>
  ) async throws {
    let masks = choices.prefix(query.positions.count)
    choices = choices.dropFirst(masks.count)
    func write(_ writer: inout AnswerWriter, mask: Int, _ choices: [TokenScore])
      async throws
    {
      try await writer.write(listOf: choices) { writer, choice in
        try await writer.write(query.filling(choice, mask: mask).json.about(cutInput: isCut))
      }
    }
    // Hugging Face's pipeline unwraps the list of a single mask.
    guard let only = masks.first, masks.count == 1 else {
      return try await self.write(listOf: masks.enumerated()) { writer, mask in
        try await write(&writer, mask: mask.offset, mask.element)
      }
    }
    try await write(&self, mask: 0, only)
  }
}
