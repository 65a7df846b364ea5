internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleText

extension Endpoint {
  static let score = post("score", "/score") { try await $0.score($1, $2) }
}

extension HTTPInterface {
  /// Which tokens are masked while one is scored.
  private enum ScoreMethod: String {
    /// The token alone (Salazar et al., 2020).
    case original
    /// Also the later tokens of its word, which would give it away (Kauf and Ivanova, 2023).
    case withinWordLeftToRight = "within_word_l2r"
  }

  /// Pseudo-log-likelihoods (Formats/http.md §7).
  func score(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["inputs", "parameters", "lang"])
    let parameters = try fields.object("parameters", ["method", "lang", "language"])
    let inputs = try fields.inputs("inputs", limit: options.maximumInputs)
    let name = try parameters.string("method") ?? ScoreMethod.withinWordLeftToRight.rawValue
    guard let method = ScoreMethod(rawValue: name) else {
      throw APIError.malformed("\"method\" must be \"original\" or \"within_word_l2r\".")
    }
    let text = try textOptions(fields, parameters)
    return try await compute(request) { served, texts in
      _ = try served.fillsMasks()
      let notes = try Notes(text, served.text)
      let language = try served.text.languageID(text.language)
      var works: [Work<MaskedLanguageModel>] = []
      var scored: [(text: TextPieces, tokens: [Token])] = []
      var cost = 0
      _ = try inputs.map { item in
        var tokens: [Token] = []
        try texts.encode(
          item.text.utf8.span, text.encoding, truncates: false, into: &tokens)
        guard tokens.contains(where: { !$0.isAdded }) else {
          throw APIError.invalid("The text has no tokens.", kind: .empty)
        }
        // Before they are made: each token costs a sequence.
        cost += tokens.count { !$0.isAdded } * tokens.count
        guard cost <= self.engine.queueCapacity else {
          throw EngineError.tooMuch(tokens: cost, limit: self.engine.queueCapacity)
        }
        works += Self.works(tokens, method, served.text).map { ids, index in
          Work(
            sequence: SequenceInput(ids: ids, text, language: language),
            query: .init(positions: [index], count: 1, among: [tokens[index].id]))
        }
        scored.append((TextPieces(item.text), tokens.filter { !$0.isAdded }))
      }
      let (texts, isList) = (scored, inputs.isList)
      return Plan(works: works, notes: notes) { readings, answer in
        var rest = readings[...]
        func write(_ writer: inout AnswerWriter, _ text: (text: TextPieces, tokens: [Token]))
          async throws
        {
          try await writer.write(
            Self.answer(text.text, text.tokens, rest.prefix(text.tokens.count)))
          rest = rest.dropFirst(text.tokens.count)
        }
        if isList {
          try await answer.write(listOf: texts, write)
        } else {
          try await write(&answer, texts[0])
        }
      }
    }
  }

  /// For each token of the text the sequence in which it is masked, and where it stands.
  private static func works(
    _ tokens: [Token], _ method: ScoreMethod, _ text: ModelText
  ) -> [(ids: [Int], index: Int)] {
    let mask = text.configuration.specialIDs.mask
    let ids = tokens.map(\.id)
    return tokens.indices.filter { !tokens[$0].isAdded }.map { index in
      var masked = ids
      masked[index] = mask
      if method == .withinWordLeftToRight {
        var place = index
        while !endsWord(tokens[place], text), place + 1 < tokens.count, !tokens[place + 1].isAdded {
          place += 1
          masked[place] = mask
        }
      }
      return (masked, index)
    }
  }

  private static func endsWord(_ token: Token, _ text: ModelText) -> Bool {
    guard let tables = text.tables, !tables.specialTokens.contains(token.id) else { return true }
    return tables.withToken(token.id) { _, endsWord in endsWord } ?? true
  }

  private static func answer(
    _ text: TextPieces, _ tokens: [Token], _ readings: ArraySlice<MaskedLanguageModel.Reading>
  ) -> JSONValue {
    var sum = 0.0
    let scored = zip(tokens, readings).map { token, reading in
      guard let score = reading.first?.first?.logProbability else { return JSONValue.null }
      sum += score
      return .object(text.json(token, score: score))
    }
    return ["score": .number(sum), "tokens": .array(scored)]
  }
}
