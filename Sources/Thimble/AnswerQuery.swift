internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleText

/// A question about a context, made ready for passes.
public struct AnswerQuery: Sendable {
  /// Whether the question was cut.
  public let cutsQuestion: Bool
  /// Of the context, those that are looked at at once.
  private let windows: [Range<Int>]
  /// Of the question.
  private let asked: [Token]
  /// Of the context.
  private let tokens: [Token]
  private let tables: TokenizerTables
  private let language: Int32?
  private let pieces: TextPieces
  private let options: AnswerOptions
  private let text: ModelText

  /// - Throws: `ThimbleError`: `.emptyText` for a question or a context without tokens, `.longQuestion`, `.stride`.
  public init(
    _ question: String, about context: String, _ options: AnswerOptions = AnswerOptions(),
    with texts: TextEncoder
  ) throws(ThimbleError) {
    let text = texts.text
    guard let tables = text.tables else { throw .noTokenizer(path: text.path) }
    (self.tables, language) = (tables, try text.languageID(options.text.language))
    // The ends of a pair, a token of context, and the stride that is wanted.
    let window = min(options.window, text.longestText)
    let room = window - 3
    var asked = try texts.inner(question, options.text)
    tokens = try texts.inner(context, options.text)
    guard !asked.isEmpty, !tokens.isEmpty else { throw .emptyText }
    let limit = min(options.longestQuestion ?? .max, room - 1 - (options.stride ?? 0))
    cutsQuestion = asked.count > limit
    if cutsQuestion {
      guard options.text.truncates, limit > 0 else {
        throw .longQuestion(tokens: asked.count, limit: max(limit, 0))
      }
      let kept = options.text.truncationSide == .left ? asked.suffix(limit) : asked.prefix(limit)
      asked = Array(kept)
    }
    let length = room - asked.count
    let stride = options.stride ?? min(128, length / 2)
    guard 0..<length ~= stride else { throw .stride(stride, room: length) }
    windows = TextWindows.ranges(count: tokens.count, length: length, overlap: stride)
    pieces = TextPieces(context)
    (self.asked, self.options, self.text) = (asked, options, text)
  }

  /// How many sequences it takes: one, or those of the windows of a long context.
  public var count: Int { windows.count }
  /// The tokens of all sequences.
  public var cost: Int { windows.reduce(0) { $0 + asked.count + $1.count + 3 } }
  /// The tokens of the context.
  public var ids: [Int] { tokens.map(\.id) }

  /// The sequences, and what is to be read of each.
  public var items: [(sequence: SequenceInput, query: QuestionAnswering.Query)] {
    windows.indices.map(item)
  }

  /// The sequence of window `number`, and what is to be read of it.
  func item(_ number: Int) -> (sequence: SequenceInput, query: QuestionAnswering.Query) {
    let window = windows[number]
    let sequence = SequenceInput(
      asked, pairedWith: tokens[window], options.text, tables, language: language)
    // What models are fine-tuned to point at if there is no answer: the first separator.
    let none = sequence.ids.firstIndex(of: Int32(tables.specialTokens.separator)) ?? 0
    let start = asked.count + 2
    return (sequence, .init(context: start..<start + window.count, none: none))
  }

  /// The answers that `readings`, one for each of `items`, come to.
  public func answer(_ readings: some Collection<QuestionAnswering.Reading>) -> Answers {
    var (best, none) = (BestSpans(count: options.top), Double.infinity)
    for (number, reading) in readings.enumerated() {
      let query = item(number).query
      // The first place of the context among those that were scored.
      let start = query.places.firstIndex(of: query.context.lowerBound) ?? 0
      let places = start..<start + query.context.count
      let shift = windows[number].lowerBound - start
      none = min(none, reading.noneScore(query))
      reading.forEachSpan(places, longest: options.longestAnswer) { span, score in
        best.insert(aligned(span.lowerBound + shift..<span.upperBound + shift), score)
      }
    }
    var answers = best.spans.map { answer($0.span, $0.score) }
    if options.allowsNone {
      let place = answers.firstIndex { $0.score < none } ?? answers.count
      answers.insert(Answer(text: "", bytes: 0..<0, scalars: 0..<0, score: none), at: place)
      answers = Array(answers.prefix(options.top))
    }
    return Answers(answers: answers, none: none)
  }

  /// The tokens `span`, with the others of the first and of the last word if that is wanted.
  private func aligned(_ span: Range<Int>) -> Range<Int> {
    guard options.alignsToWords else { return span }
    var (first, last) = (span.lowerBound, span.upperBound - 1)
    while first > 0, !text.endsWord(tokens[first - 1].id) { first -= 1 }
    while last + 1 < tokens.count, !text.endsWord(tokens[last].id) { last += 1 }
    return first..<last + 1
  }

  private func answer(_ span: Range<Int>, _ score: Double) -> Answer {
    let start = tokens[span.lowerBound].range.lowerBound
    let bytes = start..<max(start, tokens[span.upperBound - 1].range.upperBound)
    return Answer(
      text: pieces.part(bytes), bytes: bytes, scalars: pieces.scalars(bytes), score: score)
  }
}

/// The best spans so far, each once with its best score.
private struct BestSpans {
  let count: Int
  /// Best first; equal ones by place.
  private(set) var spans: [(span: Range<Int>, score: Double)] = []

  init(count: Int) { self.count = count }

  mutating func insert(_ span: Range<Int>, _ score: Double) {
    if spans.count == count, let last = spans.last, score <= last.score { return }
    if let same = spans.firstIndex(where: { $0.span == span }) {
      guard score > spans[same].score else { return }
      spans.remove(at: same)
    }
    let place = spans.firstIndex { score > $0.score } ?? spans.count
    spans.insert((span, score), at: place)
    if spans.count > count { spans.removeLast() }
  }
}

extension AnswerReading {
  /// Calls `body` for the spans within `places`, of at most `longest` places, with the probability of their start times that of
  /// their end.
  fileprivate func forEachSpan(
    _ places: Range<Int>, longest: Int, _ body: (Range<Int>, Double) -> Void
  ) {
    switch self {
    case .bounds(let starts, let ends):
      let (starts, ends) = (softmax(starts), softmax(ends))
      for first in places {
        for last in first..<min(first + longest, places.upperBound) {
          body(first..<last + 1, starts[first] * ends[last])
        }
      }
    case .beams(let beams, _):
      for beam in beams where places.contains(beam.start.index) {
        for end in beam.ends where places.contains(end.index) {
          let (first, last) = (beam.start.index, end.index)
          guard last >= first, last - first < longest else { continue }
          body(first..<last + 1, beam.start.probability * end.probability)
        }
      }
    }
  }

  /// How likely it is that there is no answer.
  fileprivate func noneScore(_ query: QuestionAnswering.Query) -> Double {
    switch self {
    case .bounds(let starts, let ends):
      let none = query.places.firstIndex(of: query.none) ?? 0
      return softmax(starts)[none] * softmax(ends)[none]
    case .beams(_, let logit): return sigmoid(Double(logit))
    }
  }
}

/// Finds the answers to questions in texts, by a model that was fine-tuned for it.
///
///     let answerer = try QuestionAnswerer(.file("squad.thimble"))
///     let answers = try answerer.answer("Where was she born?", about: "Marie Curie was born in Warsaw.")
public final class QuestionAnswerer {
  public let session: Session
  /// Makes inputs of texts.
  public let texts: TextEncoder

  /// - Throws: `ModelError.head` if the model has no head for it.
  public init(_ source: ModelSource) throws {
    session = try Session(source, needing: QuestionAnswering.self)
    texts = TextEncoder(session.text)
  }

  /// The best answers to `question` in `context`.
  public func answer(
    _ question: String, about context: String, _ options: AnswerOptions = AnswerOptions()
  ) throws(ThimbleError) -> Answers {
    try answer(AnswerQuery(question, about: context, options, with: texts))
  }

  public func answer(_ query: AnswerQuery) throws(ThimbleError) -> Answers {
    query.answer(try session.read(QuestionAnswering.self, query.items))
  }
}
