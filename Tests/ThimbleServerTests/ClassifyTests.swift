import HTTPTypes
import Testing
import Thimble
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport

@Suite("A classifier")
struct ClassifyTests {
  let folder = TemporaryFolder()
  let client: Client
  let classifier: TextClassifier

  init() throws {
    for name in ["config.json", "XLMForSequenceClassification.safetensors"] {
      let source = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/\(name)")
      _ = try folder.write(bytes(source), to: name)
    }
    for name in ["vocab.json", "merges.txt"] {
      _ = try folder.write(bytes(repository("Tests/ThimbleTextTests/Fixtures/\(name)")), to: name)
    }
    let path = folder("classifier.thimble")
    _ = try Converter(
      ConversionSource(
        ModelCheckpoint.open(folder("XLMForSequenceClassification.safetensors"))),
      rate: .quality(.nearLossless), threadCount: 1, kernels: .best
    ).convert(to: path)
    client = try Client(path: path)
    classifier = try TextClassifier(.file(path))
  }

  /// What the command says of a text or a pair.
  func expected(_ first: String, pairedWith second: String? = nil) throws -> JSONValue {
    let input = try classifier.texts.input(first, pairedWith: second)
    return .array(
      try classifier.classify([input])[0].map {
        ["label": .string($0.label), "score": .number($0.score)]
      })
  }

  func predict(_ inputs: JSONValue, _ more: [String: JSONValue] = [:]) async throws -> JSONValue {
    var object: JSONObject = ["inputs": inputs]
    for (name, value) in more { object.set(name, to: value) }
    return try await client.post("/predict", .object(object)).json
  }

  @Test("answers /predict as text-embeddings-inference does, with the command's scores")
  func predict() async throws {
    let one = try expected("the model")
    let pair = try expected("the model", pairedWith: "of the")
    #expect(one != pair && one.array?.count == 3)
    #expect(try await predict("the model") == one)
    #expect(try await predict(["the model"]) == one)
    #expect(try await predict(["the model", "of the"]) == pair)
    #expect(try await predict([["the model"], ["the model", "of the"]]) == [one, pair])
    let scores = one.array?.compactMap { $0["score"]?.double } ?? []
    #expect(scores == scores.sorted(by: >) && abs(scores.reduce(0, +) - 1) < 1e-9)
  }

  @Test("gives the reference implementation's logits, to within what int8 codes cost")
  func golden() async throws {
    var text = TextOptions()
    text.convention = .huggingFace
    text.addsTypes = false
    let client = try Client(path: folder("classifier.thimble"), text: text)
    let goldens = try #require(
      json(repository("Tests/ThimbleModelTests/Fixtures/expected-tiny.json"))["heads"]?[
        "XLMForSequenceClassification"]?.array)
    #expect(goldens.map(\.floats.count) == [3, 3])
    // The ids of the goldens: 0 20 405 5 45 1 and 0 125 133 1.
    for (text, golden) in zip(["a b <special1> c", "e f"], goldens) {
      let answer = try await client.post(
        "/predict", ["inputs": .string(text), "raw_scores": true])
      let found = try #require(answer.json.array)
      let ranked = golden.floats.enumerated().sorted { $0.element > $1.element }
      #expect(found.map { $0["label"]?.string } == ranked.map { "LABEL_\($0.offset)" })
      for (score, expected) in zip(found, ranked) {
        #expect(abs((score["score"]?.double ?? 9) - Double(expected.element)) < 0.02)
      }
    }
  }

  @Test("gives raw scores on demand")
  func rawScores() async throws {
    let input = try classifier.texts.input("the model")
    let logits = try classifier.logits([input])[0].map { Double($0) }
    let raw = try await predict("the model", ["raw_scores": true]).array ?? []
    #expect(raw.compactMap { $0["score"]?.double } == logits.sorted(by: >))
  }

  @Test("answers Hugging Face's text-classification by its name alone")
  func huggingFace() async throws {
    let one = try expected("the model")
    for path in ["/", "/models/small", "/models/org/small/pipeline/text-classification"] {
      #expect(try await client.post(path, ["inputs": "the model"]).json == [one])
    }
    let answer = try await client.post(
      "/",
      [
        "inputs": ["the model", "of the"],
        "parameters": ["top_k": 1, "function_to_apply": "sigmoid"],
      ])
    #expect(answer.json.array?.map { $0.array?.count } == [1, 1])
    let score = answer.json.array?[0].array?[0]["score"]?.double ?? 0
    let input = try classifier.texts.input("the model")
    let largest = try Double(#require(classifier.logits([input])[0].max()))
    #expect(abs(score - 1 / (1 + exponentialOf(-largest))) < 1e-12)
  }

  @Test("gives the same scores in any company, and embeds beside")
  func company() async throws {
    let one = try expected("the model")
    let client = client
    try await withThrowingTaskGroup(of: (Bool, JSONValue).self) { group in
      for round in 0..<60 {
        group.addTask {
          round % 3 == 0
            ? (false, try await client.post("/embed", ["inputs": "of the"]).json)
            : (true, try await client.post("/predict", ["inputs": "the model"]).json)
        }
      }
      let embedded = try await client.post("/embed", ["inputs": "of the"]).json
      for try await (isPrediction, answer) in group {
        #expect(answer == (isPrediction ? one : embedded))
      }
    }
  }

  @Test("says that it is one, and refuses what it has no head for")
  func state() async throws {
    try await client.engine.warmUp()
    #expect(try await client.get("/health").status == 200)
    let type = try await client.get("/info").json["model_type"]?["classifier"]
    let labels = classifier.labels
    for (id, label) in labels.enumerated() {
      #expect(type?["id2label"]?["\(id)"]?.string == label && type?["label2id"]?[label]?.int == id)
    }
    for path in ["/fill-mask", "/score"] {
      let answer = try await client.post(path, ["inputs": "a <mask>"])
      #expect(answer.status == 424 && answer.json["error_type"] == "Backend")
    }
  }

  @Test(
    "refuses inputs of other shapes",
    arguments: [
      ("[]", 400), ("[[]]", 400), (#"["a", "b", "c"]"#, 400), (#"[["a", "b", "c"]]"#, 400),
      (#"[["a"], "b"]"#, 400), ("[1]", 400), ("{}", 400),
      ("[" + String(repeating: #"["a"],"#, count: 32) + #"["a"]]"#, 422),
    ])
  func refusals(inputs: String, status: Int) async throws {
    let body = "{\"inputs\": \(inputs)}"
    #expect(try await client.send(.post, "/predict", Array(body.utf8)).status == status)
  }
}
