internal import HummingbirdCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel

extension Endpoint {
  static let questionAnswering = pipeline("question-answering", "/question-answering") {
    try await $0.questionAnswering($1, $2)
  }
}

extension HTTPInterface {
  /// Hugging Face's question-answering (Formats/http.md §11).
  func questionAnswering(_ body: JSONValue, _ request: Incoming) async throws -> Response {
    let fields = try Fields(body, ["inputs", "parameters", "options", "lang"])
    try fields.checkOptions()
    let inputs = try fields.object("inputs", ["question", "context"])
    guard let question = try inputs.string("question"), let context = try inputs.string("context")
    else { throw APIError.malformed("\"inputs\" must have a \"question\" and a \"context\".") }
    let wish = try answerOptions(fields)
    return try await compute(request) { served, texts in
      guard served.answersQuestions else { throw APIError.lacksHead("that answers questions") }
      var notes = try Notes(wish.text, served.text)
      let query: AnswerQuery
      do { query = try AnswerQuery(question, about: context, wish, with: texts) } catch {
        throw APIError(error)
      }
      try self.check(cost: query.cost)
      notes.look(at: query.ids.map { Int32($0) }, served.text)
      notes.isCut = [query.cutsQuestion]
      let works = query.items.map {
        Work<QuestionAnswering>(sequence: $0.sequence, query: $0.query)
      }
      return Plan(works: works, notes: notes) { readings, answer in
        let answers = query.answer(readings).answers.map {
          $0.json.about(cutInput: query.cutsQuestion)
        }
        // Hugging Face's pipeline unwraps the list of a single answer.
        try await answer.write(wish.top == 1 ? answers.first ?? .array([]) : .array(answers))
      }
    }
  }

  /// What the parameters of a request say of how answers are looked for.
  private func answerOptions(_ fields: Fields) throws -> AnswerOptions {
    let parameters = try fields.object(
      "parameters",
      [
        "top_k", "topk", "doc_stride", "max_answer_len", "max_seq_len", "max_question_len",
        "handle_impossible_answer", "align_to_words", "truncation_direction", "lang", "language",
      ])
    var wish = AnswerOptions()
    // The client of Hugging Face used to say topk.
    let top = try [parameters].only("top_k") { fields throws(APIError) in
      [try fields.integer("top_k", in: 1...100), try fields.integer("topk", in: 1...100)]
    }
    wish.top = top ?? wish.top
    wish.stride = try parameters.integer("doc_stride", in: 0...(1 << 20))
    wish.window = try parameters.integer("max_seq_len", in: 8...(1 << 20)) ?? wish.window
    wish.longestAnswer =
      try parameters.integer("max_answer_len", in: 1...1000) ?? wish.longestAnswer
    wish.longestQuestion = try parameters.integer("max_question_len", in: 1...(1 << 20))
    wish.allowsNone = try parameters.bool("handle_impossible_answer") ?? wish.allowsNone
    wish.alignsToWords = try parameters.bool("align_to_words") ?? wish.alignsToWords
    // Who limits a question wants it cut.
    wish.text = try textOptions(
      fields, parameters, truncates: wish.longestQuestion == nil ? nil : true)
    return wish
  }
}
