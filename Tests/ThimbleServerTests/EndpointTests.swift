import HTTPTypes
import Testing
import Thimble
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

@Suite("The endpoints")
struct EndpointTests {
  let model: SmallModel
  let client: Client

  init() throws {
    model = try SmallModel.shared.get()
    client = try Client(model)
  }

  static let texts = [
    "Elle a ouvert la <mask> de la maison.", "He <mask> the [MASK] and went.", "<special1>",
    "他在<mask>京出生。", "Bu çok güzel bir <mask>.", "a <mask> b <mask> c <mask> d",
  ]

  @Test("answer bit for bit what the command does, whatever else is in the pass")
  func exactness() async throws {
    let languageModel = try model.languageModel()
    let expected = try Self.texts.map { text in
      let masks = try languageModel.fillMask(text).map { JSONValue.array($0.map(\.expected)) }
      return masks.count == 1 ? masks[0] : JSONValue.array(masks)
    }
    let client = client
    try await withThrowingTaskGroup(of: (Int, Client.Answer).self) { group in
      for round in 0..<40 {
        let index = round % Self.texts.count
        group.addTask {
          (index, try await client.post("/fill-mask", ["inputs": .string(Self.texts[index])]))
        }
      }
      for try await (index, answer) in group {
        #expect(answer.status == 200)
        #expect(answer.json == expected[index], "\(Self.texts[index])")
      }
    }
    let all = try await client.post("/", ["inputs": .array(Self.texts.map { .string($0) })])
    #expect(all.json == .array(expected))
  }

  @Test("answer with 16-bit activations what the command does with them")
  func activations() async throws {
    let client = try Client(path: model.path, activations: .int16)
    let expected = try model.languageModel(activations: .int16).fillMask(Self.texts[0])[0]
    #expect(try expected != model.languageModel().fillMask(Self.texts[0])[0])
    let answer = try await client.post("/fill-mask", ["inputs": .string(Self.texts[0])])
    #expect(answer.json == .array(expected.map(\.expected)))
  }

  @Test("refuse a language that nobody knows, and take one that the rules know")
  func languages() async throws {
    for path in ["/fill-mask", "/score"] {
      for (language, status) in [("english", 422), ("fr", 200)] {
        let answer = try await client.post(
          path, ["inputs": "a <mask>", "parameters": ["language": .string(language)]])
        #expect(answer.status == status, "\(path) \(language): \(answer.text)")
      }
    }
  }

  @Test("at the address of the model do what the request fits")
  func natural() async throws {
    for path in ["/", "/models/small", "/models/org/small"] {
      let vectors = try await client.post("/embed", ["inputs": "Hello you"])
      #expect(try await client.post(path, ["inputs": "Hello you"]).text == vectors.text)
      let raw = try await client.post(path, ["inputs": "a <mask>", "normalize": false])
      #expect(raw.json.array?.first?.floats.count == 192)
      let similar: JSONValue = ["inputs": ["source_sentence": "a", "sentences": ["a", "b"]]]
      #expect(try await client.post(path, similar).json.array?.count == 2)
      let filled = try await client.post(path, ["inputs": "a <mask>", "parameters": [:]])
      #expect(filled.json.array?.first?["token_str"] != nil)
      // Asked to fill masks, it says that there are none.
      let none = try await client.post(path, ["inputs": "a", "parameters": ["top_k": 1]])
      #expect(none.status == 422 && none.text.contains("mask"))
    }
  }

  @Test("take parameters as Hugging Face's pipeline does")
  func parameters() async throws {
    var options = FillMaskOptions()
    options.top = 2
    options.targets = ["porte", "main"]
    let expected = try model.languageModel().fillMask(Self.texts[0], options)[0].map(\.expected)
    let answer = try await client.post(
      "/models/small",
      [
        "inputs": .string(Self.texts[0]),
        "parameters": ["top_k": 2, "targets": ["porte", "main"]], "options": ["use_cache": true],
      ])
    #expect(answer.json == .array(expected))
  }

  @Test("embed texts and ids alike, normalised unless told otherwise")
  func embeddings() async throws {
    let tokens = try await client.post("/tokenize", ["inputs": "Hello you"]).json.array?.first
    let ids = JSONValue.array(tokens?.array?.compactMap { $0["id"] } ?? [])
    let vectors = try await client.post("/embed", ["inputs": ["Hello you", ids]]).json.array
    #expect(vectors?.count == 2 && vectors?.first == vectors?.last)
    let vector = vectors?.first?.floats ?? []
    #expect(vector.count == 192)
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    let raw = try await client.post("/embed", ["inputs": ids, "normalize": false]).json
    let length = raw.array?.first?.floats.reduce(0) { $0 + $1 * $1 } ?? 0
    #expect(length > 1.1 || length < 0.9)
    let alone = try await client.post("/embed", ["inputs": "Hello you"]).json.array?.first
    #expect(alone == vectors?.first)
  }

  @Test("embed as OpenAI does, in decimals and base64")
  func openAI() async throws {
    func ask(_ format: JSONValue) async throws -> JSONValue {
      try await client.post(
        "/v1/embeddings", ["model": "any", "input": ["Hello", "you"], "encoding_format": format]
      ).json
    }
    let (decimals, encoded) = (try await ask("float"), try await ask("base64"))
    #expect(decimals["object"] == "list" && decimals["model"] == "org/small")
    #expect(decimals["usage"]?["prompt_tokens"]?.int == 7)
    let vectors = try #require(decimals["data"]?.array)
    #expect(vectors.count == 2)
    for (index, data) in vectors.enumerated() {
      #expect(data["index"]?.int == index)
      let text = encoded["data"]?.array?[index]["embedding"]?.string
      #expect(text == base64(try #require(data["embedding"]).floats))
    }
    #expect(base64([1, -2.5]) == "AACAPwAAIMA=")
  }

  @Test("score a text by its tokens, each masked in its own sequence")
  func scores() async throws {
    let tables = try #require(try model.languageModel().tables)
    for method in ["original", "within_word_l2r"] {
      let answer = try await client.post(
        "/score", ["inputs": "Hello you.", "parameters": ["method": .string(method)]]
      ).json
      let tokens = answer["tokens"]?.array ?? []
      #expect(tokens.count == 4)
      let sum = tokens.reduce(0.0) { $0 + ($1["score"]?.double ?? 0) }
      #expect(answer["score"]?.double == sum)
      // The last token of a word is masked alone under both methods: filling it gives the same number.
      let last = try #require(tokens.last?["id"]?.int.flatMap { tables.token($0) })
      let filled = try await client.post(
        "/fill-mask", ["inputs": "Hello you<mask>", "parameters": ["targets": [.string(last)]]])
      let probability = filled.json.array?.first?["score"]?.double ?? 0
      #expect(abs((tokens.last?["score"]?.double ?? 0) - logarithmOf(probability)) < 1e-5)
    }
    let (original, grouped) = (
      try await client.post("/score", ["inputs": "Hello", "parameters": ["method": "original"]])
        .json,
      try await client.post("/score", ["inputs": "Hello"]).json
    )
    #expect(original["tokens"]?.array?.first?["score"] != grouped["tokens"]?.array?.first?["score"])
    #expect(original["tokens"]?.array?.last?["score"] == grouped["tokens"]?.array?.last?["score"])
  }

  @Test("foretell the tokens of a text, if the model is causal")
  func causal() async throws {
    let body: JSONValue = [
      "inputs": ["Hello you.", "Hello"], "parameters": ["method": "causal"],
    ]
    let refused = try await client.post("/score", body)
    #expect(refused.status == 424)
    #expect(refused.json["error"]?.string?.contains("not causal") == true)
    let folder = TemporaryFolder()
    let path = folder("causal.thimble")
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(smallCheckpoint).attending(causally: true)),
      rate: .bits(6), threadCount: 2, kernels: .best
    ).convert(to: path)
    let causal = try Client(path: path)
    let answers = try #require(try await causal.post("/score", body).json.array)
    let model = try LanguageModel(path: path, options: RunOptions(threads: 1))
    for (answer, text) in zip(answers, ["Hello you.", "Hello"]) {
      let score = try model.score(ScoreQuery(text, .causal, with: model.texts))
      #expect(answer["score"]?.double == score.score)
      #expect(answer["perplexity"]?.double == score.perplexity)
      #expect(answer["word_perplexity"]?.double == score.wordPerplexity)
      #expect(answer["tokens"]?.array?.count == score.tokens.count)
    }
    #expect(answers.count == 2)
  }

  @Test("show tokens with the scalars that they stand for, and join them again")
  func tokens() async throws {
    let text = "Où 他 <mask>."
    let tokens =
      try await client.post("/tokenize", ["inputs": .string(text)]).json.array?[0].array ?? []
    let scalars = Array(text.unicodeScalars)
    let words = tokens.filter { $0["start"]?.isNull == false && $0["special"] == false }
    #expect(words.count >= 3)
    for token in words {
      let range = (token["start"]?.int ?? 0)..<(token["stop"]?.int ?? 0)
      #expect(token["text"]?.string == String(String.UnicodeScalarView(scalars[range])))
    }
    #expect(tokens.first?["special"] == true && tokens.first?["start"]?.isNull == true)
    #expect(tokens.contains { $0["text"] == "<special1>" && $0["start"]?.int == 5 })
    let inner =
      try await client.post(
        "/tokenize", ["inputs": "Hello you", "add_special_tokens": false]
      ).json.array?[0].array ?? []
    let decoded = try await client.post("/decode", ["ids": .array(inner.compactMap { $0["id"] })])
    #expect(decoded.json == ["Hello you"])
  }

  @Test("tell of the model, its health and its work")
  func state() async throws {
    #expect(try await client.get("/health").status == 503)
    try await client.engine.warmUp()
    #expect(try await client.get("/ping").status == 200)
    let info = try await client.get("/info").json
    #expect(info["max_input_length"]?.int == 128 && info["max_queue_tokens"]?.int == 1 << 15)
    #expect(info["max_concurrent_requests"]?.int == 128)
    #expect(info["model_type"] == ["embedding": ["pooling": "mean"]])
    #expect(try await client.get("/v1/models").json["data"]?.array?[0]["id"] == "org/small")
    let page = try await client.get("/")
    #expect(page.text.hasPrefix("<!doctype html>"))
    #expect(!page.text.contains("http://") && !page.text.contains("https://"))
    _ = try await client.get("/nowhere")
    let metrics = try await client.get("/metrics").text
    #expect(metrics.contains("thimble_requests_total{route=\"info\",status=\"200\"} 1\n"))
    #expect(metrics.contains("thimble_requests_total{route=\"none\",status=\"404\"} 1\n"))
    #expect(metrics.contains("# TYPE thimble_major_faults_total counter\n"))
    #expect(metrics.contains("# TYPE thimble_passes_total counter\nthimble_passes_total 0\n"))
  }

  @Test("are all in the OpenAPI document")
  func document() async throws {
    let paths = try await client.get("/openapi.json").json["paths"]?.object ?? [:]
    for (path, operations) in paths {
      for (method, _) in operations.object ?? [:] {
        let found = Endpoint.at(path, servedName: "x").contains {
          $0.method.rawValue.lowercased() == method
        }
        #expect(found, "\(method) \(path)")
      }
    }
    let documented = Set(paths.flatMap { Endpoint.at($0.key, servedName: "x") })
    #expect(
      documented.isSuperset(of: Set(Endpoint.all).filter { $0.name != "text-classification" }))
  }
}
