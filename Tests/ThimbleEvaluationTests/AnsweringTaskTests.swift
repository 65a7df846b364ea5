import Testing
import Thimble
import ThimbleEvaluation
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleTestSupport

@Suite("Answers to questions as a task")
struct AnsweringTaskTests {
  let folder = TemporaryFolder()

  private let contexts = [
    "the dogs of the house are in the end a test of words",
    "Où est-ce que l'ami a paid 5 for it, and what did they co-operate on? "
      + "unbelievable unbelievable unbelievable unbelievable unbelievable text",
  ]
  private let questions = ["who ?", "what is it ?"]

  private func checkpoint(_ name: String = "XLMForQuestionAnsweringSimple") throws -> String {
    try tinyCheckpoint(name, in: folder)
  }

  private func runner(_ path: String) throws -> TaskRunner {
    var runner = TaskRunner(file: try .checkpoint(path), reference: try .checkpoint(path))
    runner.textOptions.language = "en"
    return runner
  }

  private func write(_ text: String) throws -> String {
    try folder.write(Array(text.utf8), to: "test-en.json")
  }

  /// A file with every question about every context; `answers` are the members that tell what is right.
  private func file(_ answers: [JSONObject]) throws -> String {
    var rest = answers[...]
    let paragraphs = contexts.map { context -> JSONValue in
      let qas = questions.map { question -> JSONValue in
        var members = rest.popFirst() ?? [:]
        members.set("question", to: .string(question))
        members.set("id", to: "x")
        return .object(members)
      }
      return ["context": .string(context), "qas": .array(qas)]
    }
    let json: JSONValue = [
      "version": "1.1", "data": [["title": "a", "paragraphs": .array(paragraphs)]],
    ]
    return try write(json.text(.pretty))
  }

  private func given(_ texts: String...) -> JSONObject {
    ["answers": .array(texts.map { ["text": .string($0), "answer_start": 0] })]
  }

  /// What the model answers to every question.
  private func predictions(_ path: String) throws -> [String] {
    let answerer = try QuestionAnswerer(.checkpoint(path))
    var options = AnswerOptions()
    options.longestAnswer = 30
    options.text.language = "en"
    return try contexts.flatMap { context in
      try questions.map { question in
        try answerer.answer(question, about: context, options).answers.first?.text ?? ""
      }
    }
  }

  @Test(
    "a model that is right has exact match and F1 1, and its errors are counted",
    arguments: ["XLMForQuestionAnsweringSimple", "XLMForQuestionAnswering"])
  func counting(name: String) throws {
    let path = try checkpoint(name)
    let answers = try predictions(path)
    let right = try runner(path).run(
      AnsweringTask(paths: [try file(answers.map { given("nothing", "The \($0)!") })]))
    #expect(right.overall.examples == 4 && right.overall.file == 1)
    #expect(right.overall.answering?.exactMatch.reference.value == 1)
    #expect(right.overall.agreement == 1 && right.overall.answering?.kinds.isEmpty == true)
    var others = answers.map { given($0) }
    others[0] = given(answers[0] + " zzz")
    let less = try runner(path).run(AnsweringTask(paths: [try file(others)]))
    let score = AnswerScore(answers[0], among: [answers[0] + " zzz"], allowsNone: false)
    #expect(less.overall.answering?.exactMatch.file.value == 0.75)
    #expect(abs(less.overall.file - (3 + score.f1) / 4) < 1e-12 && score.f1 > 0)
    #expect(less.json["overall"]?["answers"]?["exactMatch"]?["file"]?.double == 0.75)
    #expect(less.html.contains("F1 of answers"))
  }

  @Test("where there may be no answer, an empty one is right if there is none")
  func none() throws {
    let path = try checkpoint()
    let impossible: JSONObject = ["answers": [], "is_impossible": true]
    var possible = given("the dogs")
    possible.set("is_impossible", to: false)
    let report = try runner(path).run(
      AnsweringTask(paths: [try file([possible, impossible, possible, impossible])]))
    let kinds = try #require(report.overall.answering?.kinds)
    #expect(kinds.map(\.name) == ["HasAns", "NoAns"] && kinds.map(\.examples) == [2, 2])
    // Of a question without answer both are the same: all or nothing.
    #expect(kinds[1].exactMatch.file == kinds[1].f1.file)
    let mean = (kinds[0].f1.file + kinds[1].f1.file) / 2
    #expect(abs(report.overall.file - mean) < 1e-12)
  }

  @Test(
    "a broken record is refused with its file and place",
    arguments: [
      ("{\n\"data\": [,", "test-en.json, line 2: JSON, byte"),
      ("[]", "the file: \"data\" must be a list"),
      ("{\"data\": [{}]}", "data[0]: \"paragraphs\" must be a list"),
      ("{\"data\": [{\"paragraphs\": [{\"qas\": []}]}]}", "paragraphs[0]: \"context\" must be"),
      (
        #"{"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b", "answers": [{}]}]}]}]}"#,
        "data[0].paragraphs[0].qas[0].answers[0]: \"text\" must be a text"
      ),
      (
        #"{"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b", "answers": []}]}]}]}"#,
        "qas[0]: \"answers\" is empty"
      ),
      (
        #"{"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b", "answers": [], "is_impossible": 1}]}]}]}"#,
        "\"is_impossible\" must be true or false"
      ),
      (#"{"data": []}"#, "there are no questions"),
    ])
  func broken(text: String, message: String) throws {
    expectMessage(message) { _ = try AnsweringTask(paths: [try write(text)]) }
  }

  @Test("a question without tokens is refused with its place")
  func empty() throws {
    let text =
      #"{"data": [{"paragraphs": [{"context": "a", "qas": [{"question": " ", "answers": [{"text": "a"}]}]}]}]}"#
    let task = try AnsweringTask(paths: [try write(text)])
    expectMessage("data[0].paragraphs[0].qas[0]: the question or its context has no tokens") {
      _ = try runner(try checkpoint()).run(task)
    }
  }
}
