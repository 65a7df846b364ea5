import Testing
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleTestSupport

@testable import Thimble

@Suite("What is made of what heads say")
struct HeadAnswerTests {
  @Test("tokens become words and entities as in Hugging Face's pipeline")
  func groups() throws {
    let cases = try #require(goldens.get()["groups"]?.array)
    #expect(cases.count == 40)
    for golden in cases {
      let labels = (golden["labels"]?.array ?? []).compactMap(\.string)
      let ends = (golden["ends"]?.array ?? []).map { $0 == true }
      let scores = (golden["scores"]?.array ?? []).map { $0.array?.compactMap(\.double) ?? [] }
      let aggregation = try #require(
        golden["aggregation"]?.string.flatMap(Aggregation.init(rawValue:)))
      let tokens = ends.indices.map {
        LabelledToken(
          index: $0, bytes: 2 * $0..<2 * $0 + 2, endsWord: ends[$0], probabilities: scores[$0])
      }
      let groups = EntityGrouping(labels: labels, aggregation: aggregation).groups(tokens)
      let expected = golden["groups"]?.array ?? []
      #expect(groups.map(\.label) == expected.compactMap { $0["label"]?.string })
      #expect(groups.compactMap(\.bytes?.lowerBound) == expected.compactMap { $0["start"]?.int })
      #expect(groups.compactMap(\.bytes?.upperBound) == expected.compactMap { $0["end"]?.int })
      for (group, expected) in zip(groups, expected) {
        #expect(abs(group.score - (expected["score"]?.double ?? .nan)) < 1e-6)
      }
    }
  }

  @Test(
    "BIOES and BILOU end what they say they end",
    arguments: [
      ("B-A I-A E-A B-A", ["A 0-3", "A 3-4"]), ("S-A S-A", ["A 0-1", "A 1-2"]),
      ("B-A E-A I-A", ["A 0-2", "A 2-3"]), ("B-A L-A U-A I-B", ["A 0-2", "A 2-3", "B 3-4"]),
      ("O O S-A O", ["O 0-2", "A 2-3", "O 3-4"]), ("I-A E-A E-A", ["A 0-2", "A 2-3"]),
      ("X-A X-A Y-A", ["A 0-2", "A 2-3"]),
    ])
  func schemes(labels: String, expected: [String]) {
    let labels = labels.split(separator: " ").map(String.init)
    let tokens = labels.indices.map { index in
      LabelledToken(
        index: index, bytes: index..<index + 1, endsWord: true,
        probabilities: labels.indices.map { $0 == index ? 1 : 0 })
    }
    let groups = EntityGrouping(labels: labels, aggregation: .simple).groups(tokens)
    #expect(
      groups.map { "\($0.label) \($0.tokens.lowerBound)-\($0.tokens.upperBound)" } == expected)
  }

  @Test("spans are chosen and scored as in Hugging Face's pipeline")
  func spans() throws {
    let texts = TextEncoder(
      ModelText(try .checkpoint(tiny("XLMForQuestionAnsweringSimple.safetensors"))))
    for golden in try #require(goldens.get()["spans"]?.array) {
      let first = try #require(golden["first"]?.int)
      let (starts, ends) = (golden["starts"]?.floats ?? [], golden["ends"]?.floats ?? [])
      var options = AnswerOptions()
      options.top = try #require(golden["top"]?.int)
      options.longestAnswer = try #require(golden["longest"]?.int)
      // A token for each place of the context.
      let context = [String](repeating: "a", count: starts.count - 1 - first)
      let query = try AnswerQuery(
        "a", about: context.joined(separator: " "), options, with: texts)
      #expect(query.items.count == 1 && query.items[0].query.places.count == context.count + 1)
      func places(_ logits: [Float]) -> [Float] { [logits[0]] + logits[first...].dropLast() }
      let answers = query.answer([.bounds(starts: places(starts), ends: places(ends))])
      // What is forbidden has the score 0 there.
      let scores = (golden["scores"]?.floats ?? []).prefix { $0 > 0 }
      let expected = (golden["spans"]?.array?.map(\.ints) ?? []).prefix(scores.count)
      #expect(answers.answers.count >= expected.count)
      for (answer, expected) in zip(answers.answers, expected) {
        let range = 2 * (expected[0] - first)..<2 * (expected[1] - first) + 1
        #expect(answer.bytes == range && answer.scalars == range)
      }
      #expect(
        answers.answers.prefix(expected.count).map { Float($0.score) }
          .isNear(Array(scores)))
      #expect(abs(answers.none - (golden["none"]?.double ?? .nan)) < 1e-6)
    }
  }

  private var huggingFace: TextOptions {
    var options = TextOptions()
    options.convention = .huggingFace
    return options
  }

  @Test("texts are answered and labelled as by Hugging Face, token for token")
  func texts() throws {
    let golden = try #require(goldens.get()["texts"])
    let (question, context) = (golden["question"]?.string ?? "", golden["context"]?.string ?? "")
    let answerer = try QuestionAnswerer(
      .checkpoint(tiny("XLMForQuestionAnsweringSimple.safetensors")))
    var options = AnswerOptions()
    options.top = 4
    options.alignsToWords = false
    options.text = huggingFace
    let query = try AnswerQuery(question, about: context, options, with: answerer.texts)
    #expect(query.items[0].sequence.ids.map { Int($0) } == golden["ids"]?.ints)
    let answers = try answerer.answer(query)
    #expect(abs(answers.none - (golden["none"]?.double ?? .nan)) < 1e-6)

    let tagger = try Tagger(.checkpoint(tiny("XLMForTokenClassification.safetensors")))
    var tagOptions = TagOptions()
    (tagOptions.aggregation, tagOptions.ignored) = (.none, [])
    tagOptions.text = huggingFace
    let tags = try tagger.tag(context, tagOptions)
    let expected = golden["tags"]?.array ?? []
    #expect(tags.count == expected.count)
    for (tag, expected) in zip(tags, expected) {
      #expect(tag.label == "LABEL_\(expected["label"]?.int ?? -1)")
      #expect(abs(tag.score - (expected["score"]?.double ?? .nan)) < 1e-5)
    }
    // The tokens of the context are those that were tagged.
    for (answer, expected) in zip(answers.answers, golden["answers"]?.array ?? []) {
      let (first, last) = (expected["first"]?.int ?? 0, expected["last"]?.int ?? 0)
      #expect(answer.bytes.lowerBound == tags[first].bytes?.lowerBound)
      #expect(answer.bytes.upperBound == tags[last].bytes?.upperBound)
      #expect(abs(answer.score - (expected["score"]?.double ?? .nan)) < 1e-6)
    }
  }

  @Test(
    "a long text read in windows has every token once, and the windows cover it",
    arguments: [0, 3, 20])
  func windows(stride: Int) throws {
    let tagger = try Tagger(.checkpoint(tiny("XLMForTokenClassification.safetensors")))
    let text = (0..<60).map { _ in "the house" }.joined(separator: " ")
    var options = TagOptions()
    (options.aggregation, options.ignored, options.stride) = (.none, [], stride)
    let query = try TagQuery(text, options, with: tagger.texts)
    #expect(query.items.allSatisfy { $0.sequence.ids.count <= 32 } && query.items.count > 4)
    let tags = try tagger.tag(query)
    #expect(tags.compactMap(\.bytes?.lowerBound) == tags.compactMap(\.bytes?.lowerBound).sorted())
    #expect(tags.map(\.text).joined() == text.filter { $0 != " " })
    options.stride = 30
    #expect(throws: ThimbleError.self) { try TagQuery(text, options, with: tagger.texts) }
    options.stride = nil
    #expect(throws: ThimbleError.self) { try TagQuery(text, options, with: tagger.texts) }
  }

  @Test("an answer in a long context is found where it is, by windows that overlap")
  func longContext() throws {
    let answerer = try QuestionAnswerer(
      .checkpoint(tiny("XLMForQuestionAnswering.safetensors")))
    var options = AnswerOptions()
    (options.top, options.stride) = (5, 4)
    let context = (0..<40).map { "the house \($0)" }.joined(separator: " ")
    let query = try AnswerQuery("the model", about: context, options, with: answerer.texts)
    #expect(query.items.count > 5)
    let answers = try answerer.answer(query)
    #expect(answers.answers.count == 5 && (0...1).contains(answers.none))
    #expect(Set(answers.answers.map(\.bytes)).count == 5)
    let scores = answers.answers.map(\.score)
    #expect(scores == scores.sorted(by: >))
    let bytes = Array(context.utf8)
    for answer in answers.answers {
      #expect(answer.text == String(decoding: bytes[answer.bytes], as: UTF8.self))
      #expect(!answer.text.hasPrefix(" ") && !answer.text.hasSuffix(" "))
    }
    options.allowsNone = true
    let all = try answerer.answer("the model", about: context, options)
    #expect(all.answers.contains { $0.text.isEmpty && $0.score == all.none })
  }

  @Test("questions that leave no room for a context, and texts without tokens, are refused")
  func refusedQuestions() throws {
    let answerer = try QuestionAnswerer(
      .checkpoint(tiny("XLMForQuestionAnsweringSimple.safetensors")))
    let long = (0..<40).map { _ in "house" }.joined(separator: " ")
    for (question, context) in [(long, "the house"), ("", "the house"), ("the house", "")] {
      #expect(throws: ThimbleError.self) { try answerer.answer(question, about: context) }
    }
    var options = AnswerOptions()
    options.text.truncates = true
    options.longestQuestion = 6
    let query = try AnswerQuery(long, about: "the house", options, with: answerer.texts)
    #expect(query.cutsQuestion)
    #expect(try answerer.answer(query).answers.count == 1)
  }

  @Test("of several classes one must be named to rank by")
  func relevance() throws {
    let classifier = try TextClassifier(
      .checkpoint(tiny("XLMForSequenceClassification.safetensors")))
    let classes = Classes(classifier.session.configuration)
    #expect(throws: ThimbleError.self) { try Relevance(classes) }
    #expect(throws: ThimbleError.self) { try Relevance(classes, label: "LABEL_9") }
    let logits = try classifier.logits([classifier.texts.input("the", pairedWith: "house")])[0]
    let all = classes.ranked(logits)
    for label in classes.labels {
      let score = try Relevance(classes, label: label).score(logits)
      #expect(score == all.first { $0.label == label }?.score)
    }
    #expect(
      try Relevance(classes, label: "LABEL_1").score(logits, isRaw: true) == Double(logits[1]))
  }

  @Test("choices share a probability of 1, whatever their order")
  func choices() throws {
    let chooser = try Chooser(.checkpoint(tiny("XLMForMultipleChoice.safetensors")))
    let choices = ["is big", "the model", "a house of the"]
    let shares = try chooser.choose("the house", among: choices)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    let turned = try chooser.choose("the house", among: choices.reversed())
    for (a, b) in zip(shares, turned.reversed()) { #expect(abs(a - b) < 1e-12) }
  }
}
