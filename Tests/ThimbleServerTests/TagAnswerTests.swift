import HTTPTypes
import Testing
import Thimble
import ThimbleJSON
import ThimbleServer
import ThimbleTestSupport

@Suite("Token classification over HTTP")
struct TokenClassificationTests {
  let model: TinyHead
  let client: Client
  let tagger: Tagger
  private let text = "Où the model of a b"

  init() throws {
    model = try TinyHead("XLMForTokenClassification")
    client = try model.client()
    tagger = try Tagger(.file(model.path))
  }

  private func expected(
    _ text: String, _ aggregation: Aggregation = .simple, ignoring ignored: Set<String> = ["O"],
    stride: Int? = nil
  ) throws -> JSONValue {
    var options = TagOptions()
    (options.aggregation, options.ignored, options.stride) = (aggregation, ignored, stride)
    return try tagger.tag(text, options).json
  }

  @Test("answers as the command does, at every path of Hugging Face's client")
  func paths() async throws {
    let one = try expected(text)
    #expect(one.array?.isEmpty == false)
    for path in [
      "/token-classification", "/", "/models/small",
      "/models/org/small/pipeline/token-classification",
    ] {
      #expect(try await client.post(path, ["inputs": .string(text)]).json == one, "\(path)")
    }
    let list = try await client.post("/token-classification", ["inputs": [.string(text), ""]])
    #expect(list.json == [one, []])
    #expect(try await client.post("/token-classification", ["inputs": ""]).json == [])
    // Places count scalars, as Python does.
    let scalars = Array(text.unicodeScalars)
    for entity in one.array ?? [] {
      let range = (entity["start"]?.int ?? 0)..<(entity["end"]?.int ?? 0)
      #expect(entity["word"]?.string == String(String.UnicodeScalarView(scalars[range])))
      #expect(entity["entity_group"] != nil && entity["score"]?.double ?? 2 <= 1)
    }
  }

  @Test("takes the parameters of Hugging Face's pipeline")
  func parameters() async throws {
    for aggregation in Aggregation.allCases {
      let answer = try await client.post(
        "/token-classification",
        [
          "inputs": .string(text),
          "parameters": ["aggregation_strategy": .string(aggregation.rawValue)],
        ])
      #expect(answer.json == (try expected(text, aggregation)))
    }
    let label = try #require(expected(text).array?.first?["entity_group"]?.string)
    let ignoring = try await client.post(
      "/token-classification",
      ["inputs": .string(text), "parameters": ["ignore_labels": [.string(label)]]])
    #expect(ignoring.json == (try expected(text, ignoring: [label])))
    #expect(!ignoring.said("none such"))
    let unknown = try await client.post(
      "/token-classification",
      ["inputs": .string(text), "parameters": ["ignore_labels": ["none such"]]])
    #expect(unknown.said("none such"))
    for (member, value, status): (String, JSONValue, Int) in [
      ("aggregation_strategy", "mean", 400), ("stride", -1, 400), ("stride", 4000, 422),
      ("truncate", true, 400),
    ] {
      let answer = try await client.post(
        "/token-classification",
        ["inputs": .string(text), "parameters": .object([member: value])])
      #expect(answer.status == status, "\(member) \(answer.text)")
    }
  }

  @Test("reads a long text in windows, all of it, and refuses one that the queue does not hold")
  func windows() async throws {
    let long = String(repeating: "the model of a b ", count: 40)
    let answer = try await client.post("/token-classification", ["inputs": .string(long)])
    let room = try #require(try await client.get("/info").json["max_input_length"]?.int) - 2
    #expect(answer.json == (try expected(long, stride: min(128, room / 2))))
    #expect(answer.headers.value("x-truncated-inputs") == nil)
    #expect(answer.json.array?.last?["end"]?.int ?? 0 > 600)
    let small = try model.client(512)
    let refused = try await small.post(
      "/token-classification", ["inputs": .string(String(repeating: long, count: 4))])
    #expect(refused.status == 422 && refused.text.contains("512"), "\(refused.text)")
  }

  @Test("says what it can do, and refuses what it cannot")
  func tasks() async throws {
    let info = try await client.get("/info").json
    #expect(info["tasks"]?.array?.first == "token-classification")
    #expect(info["labels"]?.array?.isEmpty == false)
    for (path, body): (String, JSONValue) in [
      ("/predict", ["inputs": "a"]), ("/rerank", ["query": "a", "texts": ["b"]]),
      ("/question-answering", ["inputs": ["question": "a", "context": "b"]]),
    ] {
      #expect(try await client.post(path, body).status == 424)
    }
  }
}

@Suite("Question answering over HTTP")
struct QuestionAnsweringTests {
  private static let question = "of a"
  private static let context = "Où the model, of a b and the house"

  @Test(
    "answers as the command does",
    arguments: ["XLMForQuestionAnsweringSimple", "XLMForQuestionAnswering"])
  func heads(name: String) async throws {
    let model = try TinyHead(name)
    let client = try model.client()
    let answerer = try QuestionAnswerer(.file(model.path))
    let inputs: JSONValue = ["question": .string(Self.question), "context": .string(Self.context)]
    let best = try answerer.answer(Self.question, about: Self.context).answers[0].json
    for path in ["/question-answering", "/", "/models/org/small/pipeline/question-answering"] {
      #expect(try await client.post(path, ["inputs": inputs]).json == best, "\(path)")
    }
    #expect(
      best["answer"]?.string
        == String(
          String.UnicodeScalarView(
            Array(Self.context.unicodeScalars)[best["start"]!.int!..<best["end"]!.int!])))
    var options = AnswerOptions()
    (options.top, options.longestAnswer, options.window) = (3, 2, 16)
    (options.stride, options.allowsNone, options.alignsToWords) = (2, true, false)
    let three = try answerer.answer(Self.question, about: Self.context, options)
    let found = try await client.post(
      "/question-answering",
      [
        "inputs": inputs,
        "parameters": [
          "top_k": 3, "max_answer_len": 2, "max_seq_len": 16, "doc_stride": 2,
          "handle_impossible_answer": true, "align_to_words": false,
        ],
      ])
    #expect(found.json == .array(three.answers.map(\.json)), "\(found.text)")
  }

  @Test("reads long contexts in windows, and bounds what they cost")
  func windows() async throws {
    let model = try TinyHead("XLMForQuestionAnsweringSimple")
    let client = try model.client(2048)
    let long = String(repeating: "the model of a b ", count: 60)
    let inputs: JSONValue = ["question": .string(Self.question), "context": .string(long)]
    let expected = try QuestionAnswerer(.file(model.path)).answer(Self.question, about: long)
    let answer = try await client.post("/question-answering", ["inputs": inputs])
    #expect(answer.json == expected.answers[0].json, "\(answer.text)")
    // Windows that move on by a single token would cost many times the context.
    let costly = try await client.post(
      "/question-answering",
      ["inputs": inputs, "parameters": ["max_seq_len": 16, "doc_stride": 8]])
    #expect(costly.status == 422 && costly.text.contains("2048"), "\(costly.text)")
    let huge = JSONValue.string(String(repeating: "a ", count: 120_000))
    let refused = try await client.post(
      "/question-answering", ["inputs": ["question": "a", "context": huge]])
    #expect(refused.status == 422)
  }

  @Test("cuts a question only for who limits it, and says so")
  func longQuestion() async throws {
    let client = try TinyHead("XLMForQuestionAnsweringSimple").client()
    let long = JSONValue.string(String(repeating: "of a ", count: 200))
    let inputs: JSONValue = ["question": long, "context": .string(Self.context)]
    let refused = try await client.post("/question-answering", ["inputs": inputs])
    #expect(refused.status == 422 && refused.text.contains("question"))
    let cut = try await client.post(
      "/question-answering", ["inputs": inputs, "parameters": ["max_question_len": 4]])
    #expect(cut.status == 200 && cut.headers.value("x-truncated-inputs") == "1", "\(cut.text)")
    #expect(cut.json["truncated"] == true)
    for (body, status): (JSONValue, Int) in [
      (["inputs": ["question": "a"]], 400), (["inputs": "a"], 400),
      (["inputs": ["question": "a", "context": ""]], 422),
      (["inputs": inputs, "parameters": ["top_k": 0]], 400),
      (["inputs": inputs, "parameters": ["top": 1]], 400),
    ] {
      #expect(try await client.post("/question-answering", body).status == status)
    }
    #expect(try await client.get("/info").json["tasks"]?.array?.first == "question-answering")
  }
}

@Suite("Reranking over HTTP")
struct RerankTests {
  private let texts = ["the model", "of a b", "the house"]

  @Test("sorts texts by a class of pairs, as the command scores them")
  func ranks() async throws {
    let model = try TinyHead("XLMForSequenceClassification")
    let client = try model.client()
    let classifier = try TextClassifier(.file(model.path))
    let label = classifier.labels[1]
    let relevance = try Relevance(
      Classes(classifier.session.configuration), label: label)
    let logits = try texts.map {
      try classifier.logits([classifier.texts.input("of", pairedWith: $0)])[0]
    }
    for isRaw in [false, true] {
      let scores = logits.map { relevance.score($0, isRaw: isRaw) }
      let answer = try await client.post(
        "/rerank",
        [
          "query": "of", "texts": .array(texts.map { .string($0) }), "label": .string(label),
          "raw_scores": .bool(isRaw), "return_text": true,
        ])
      let ranks = try #require(answer.json.array)
      #expect(ranks.compactMap { $0["score"]?.double } == scores.sorted(by: >))
      for rank in ranks {
        let index = try #require(rank["index"]?.int)
        #expect(rank["score"]?.double == scores[index] && rank["text"]?.string == texts[index])
      }
    }
    let unnamed = try await client.post("/rerank", ["query": "of", "texts": ["a"]])
    #expect(unnamed.status == 422 && unnamed.text.contains(label), "\(unnamed.text)")
    let empty = try await client.post(
      "/rerank", ["query": "of", "texts": [], "label": .string(label)])
    #expect(empty.status == 422)
    let long = JSONValue.string(String(repeating: "a ", count: 600))
    let body: JSONObject = ["query": "of", "texts": ["a", long], "label": .string(label)]
    let refused = try await client.post("/rerank", .object(body))
    #expect(refused.status == 422 && refused.text.contains("[1]"))
    var cutting = body
    cutting.set("truncate", to: true)
    let cut = try await client.post("/", .object(cutting))
    #expect(cut.headers.value("x-truncated-inputs") == "1", "\(cut.text)")
    for rank in cut.json.array ?? [] {
      #expect(rank["truncated"] == (rank["index"] == 1 ? true : nil) && rank["text"] == nil)
    }
    let costly = try await client.post(
      "/rerank",
      [
        "query": long, "texts": .array(Array(repeating: "b", count: 32)),
        "label": .string(label), "truncate": true,
      ])
    #expect(costly.status == 200)
    let query = JSONValue.string(String(repeating: "a ", count: 6000))
    let tooMuch = try await client.post(
      "/rerank",
      [
        "query": query, "texts": .array(Array(repeating: "b", count: 32)),
        "label": .string(label), "truncate": true,
      ])
    #expect(tooMuch.status == 422 && tooMuch.text.contains("once for each text"))
    #expect(try await client.get("/info").json["tasks"]?.array?.contains("rerank") == true)
  }
}

extension Client.Answer {
  /// Whether a warning contains `words`.
  fileprivate func said(_ words: String) -> Bool {
    HTTPField.Name("x-warning").map { headers[values: $0].contains { $0.contains(words) } } ?? false
  }
}
