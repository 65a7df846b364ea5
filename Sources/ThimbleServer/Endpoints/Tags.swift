internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

extension Endpoint {
  static let tokenClassification = pipeline("token-classification", "/token-classification") {
    try await $0.tokenClassification($1, $2)
  }
}

extension HTTPInterface {
  /// Hugging Face's token-classification (Formats/http.md §10).
  func tokenClassification(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["inputs", "parameters", "options", "lang"])
    let parameters = try fields.object(
      "parameters", ["aggregation_strategy", "ignore_labels", "stride", "lang", "language"])
    try fields.checkOptions()
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    var tags = TagOptions()
    tags.text = try textOptions(fields, parameters, truncates: false)
    let name = try parameters.string("aggregation_strategy") ?? Aggregation.simple.rawValue
    guard let aggregation = Aggregation(rawValue: name) else {
      let known = Aggregation.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw APIError.malformed("\"aggregation_strategy\" must be one of \(known).")
    }
    tags.aggregation = aggregation
    if let ignored = try parameters.strings("ignore_labels") { tags.ignored = Set(ignored) }
    let stride = try parameters.integer("stride", in: 0...(1 << 20))
    return try await compute(request) { [tags] served, texts in
      guard served.tagsTokens else { throw APIError.lacksHead("that labels tokens") }
      var tags = tags
      tags.stride = try Self.stride(stride, within: served.text.longestText - 2)
      var notes = try Notes(tags.text, served.text)
      notes.look(at: tags.ignored, served.text.configuration.labels)
      var cost = 0
      let queries = try inputs.map { item in
        let query = try TagQuery(item.text, tags, with: texts)
        cost += query.cost
        try self.check(cost: cost)
        notes.look(at: query.ids.map { Int32($0) }, served.text)
        return query
      }
      let works = queries.flatMap { query in
        query.items.map { Work<TokenClassifier>(sequence: $0.sequence, query: $0.query) }
      }
      return Plan(works: works, notes: notes) { readings, answer in
        var rest = readings[...]
        func write(_ writer: inout AnswerWriter, _ query: TagQuery) async throws {
          let count = query.items.count
          try await writer.write(query.answer(rest.prefix(count)).json)
          rest = rest.dropFirst(count)
        }
        if inputs.isList {
          try await answer.write(listOf: queries, write)
        } else {
          try await write(&answer, queries[0])
        }
      }
    }
  }

  /// The tokens that neighbouring windows of a long text share.
  ///
  /// - Parameter room: for tokens of the text in a window. No more than half of it is shared, or a text would cost many times its length.
  private static func stride(_ wanted: Int?, within room: Int) throws(APIError) -> Int {
    guard let wanted else { return min(128, room / 2) }
    guard wanted <= room / 2 else {
      throw .invalid("\"stride\" is \(wanted); windows may share 0 to \(room / 2) tokens.")
    }
    return wanted
  }

  /// Checks what the sequences of a request cost, before they are made.
  ///
  /// - Throws: `EngineError.tooMuch` if the queue does not hold so many tokens.
  func check(cost: Int) throws(EngineError) {
    let limit = engine.queueCapacity
    guard cost <= limit else { throw .tooMuch(tokens: cost, limit: limit) }
  }
}

extension Notes {
  /// Notes labels to leave out that the model does not have.
  fileprivate mutating func look(at ignored: Set<String>, _ labels: [String]) {
    for label in ignored.sorted().prefix(8)
    where label != "O" && !labels.contains(where: { $0 == label || $0.hasSuffix("-\(label)") }) {
      warn("\"ignore_labels\": the model has no label \"\(label.printable(limit: 60))\".")
    }
  }
}
