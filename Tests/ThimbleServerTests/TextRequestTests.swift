import HTTPTypes
import Testing
import Thimble
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport

/// Serves checkpoints whose right answers are known from transformers 4.57.6.
private struct Answered {
  let folder = TemporaryFolder()
  let client: Client

  init(
    _ name: String, _ set: (inout InterfaceOptions) -> Void = { _ in }
  ) throws {
    let path = folder("model.thimble")
    _ = try Converter(
      ConversionSource(
        ModelCheckpoint.open(repository("Tests/CommandTests/Fixtures/answered/\(name)"))),
      rate: .quality(.nearLossless), threadCount: 1, kernels: .best
    ).convert(to: path)
    client = try Client(path: path, activations: .int16, set: set)
  }

  func vector(_ body: JSONValue) async throws -> [Float] {
    var body = body.object ?? [:]
    body.set("normalize", to: false)
    return try await client.post("/embed", .object(body)).json.array?.first?.floats ?? []
  }
}

/// Whether a file of some 8 bits per weight may answer so; wrong inputs are off by 0.2 and more.
private func isClose(_ found: [Float], _ right: [Float], _ tolerance: Float = 0.06) -> Bool {
  found.count >= right.count && zip(found, right).allSatisfy { abs($0 - $1) < tolerance }
}

@Suite("What a request says of its texts")
struct TextRequestTests {
  @Test("a language gives its embedding, and none is warned of")
  func languages() async throws {
    let server = try Answered("languages")
    let ids: JSONValue = [1, 20, 45, 5, 148, 14, 100, 1]
    for (language, right): (JSONValue, [Float]) in [
      ("en", [-0.29313, 1.19845, 1.15934, -1.19789]),
      ("de", [0.33686, 0.84050, 0.29158, -2.91500]),
    ] {
      let found = try await server.vector(["inputs": [ids], "lang": language])
      #expect(isClose(found, right), "\(found.prefix(4))")
    }
    let text: JSONValue = "the model of a b"
    for (path, body): (String, JSONValue) in [
      ("/embed", ["inputs": text]), ("/v1/embeddings", ["input": text]),
      ("/fill-mask", ["inputs": "the <mask>", "parameters": [:]]), ("/score", ["inputs": text]),
      ("/similarity", ["inputs": ["source_sentence": text, "sentences": [text]]]),
    ] {
      var members = body.object ?? [:]
      let silent = try await server.client.post(path, body)
      #expect(silent.status == 200 && silent.warnings.contains { $0.contains("language") })
      members.set("lang", to: "en")
      let english = try await server.client.post(path, .object(members))
      #expect(english.status == 200 && english.warnings == [], "\(path) \(english.text)")
      #expect(path == "/similarity" || english.text != silent.text)
      members.set("lang", to: "xx")
      let unknown = try await server.client.post(path, .object(members))
      #expect(unknown.status == 422 && unknown.text.contains("xx"), "\(path)")
    }
    let info = try await server.client.get("/info").json
    #expect(info["language_embeddings"] == true && info["languages"]?.array?.contains("de") == true)
    #expect(info["warnings"]?.array?.count == 1)
    // What the server is told holds for requests that say nothing.
    let german = try Answered("languages") { $0.text.language = "de" }
    #expect(
      try await german.vector(["inputs": [ids]]) == server.vector(["inputs": [ids], "lang": "de"]))
    #expect(try await german.client.get("/info").json["language"] == "de")
  }

  @Test("a classifier knows the language of its text")
  func classes() async throws {
    let server = try Answered("language-classifier")
    func scores(_ body: JSONValue) async throws -> Client.Answer {
      try await server.client.post("/predict", body)
    }
    let (german, english) = (
      try await scores(["inputs": "a b e c", "lang": "de"]),
      try await scores(["inputs": "a b e c", "lang": "en"])
    )
    #expect(german.status == 200 && german.text != english.text)
    let natural = try await server.client.post(
      "/", ["inputs": "a b e c", "parameters": ["lang": "de"]])
    #expect(natural.json == [german.json])
    #expect(try await scores(["inputs": "a b e c"]).warnings.count == 1)
  }

  @Test("padding among ids is no word")
  func padding() async throws {
    let server = try Answered("masked")
    let plain = try await server.vector(["inputs": [[1, 20, 45, 5, 148, 1]]])
    #expect(isClose(plain, [0.54526, 0.60237, 0.82094]), "\(plain.prefix(3))")
    #expect(try await server.vector(["inputs": [[1, 20, 45, 5, 148, 1, 2, 2, 2, 2]]]) == plain)
  }

  @Test("a pooling, in the request or for all")
  func pooling() async throws {
    let model = try SmallModel.shared.get()
    let first = try SentenceEmbedder(.file(model.path), pooling: .first)
    let expected = try first.embed([first.texts.input("Hello you")])[0]
    let client = try Client(model)
    let asked = try await client.post("/embed", ["inputs": "Hello you", "pooling": "first"])
    #expect(asked.json.array?[0].floats == expected)
    let told = try Client(path: model.path) { $0.pooling = .first }
    for (path, member) in [("/embed", "inputs"), ("/v1/embeddings", "input")] {
      let answer = try await told.post(path, .object([member: "Hello you"]))
      let vector = answer.json.array?[0] ?? answer.json["data"]?.array?[0]["embedding"]
      #expect(vector?.floats == expected)
      let mean = try await told.post(path, .object([member: "Hello you", "pooling": "mean"]))
      #expect(mean.text != answer.text)
      let unknown = try await told.post(path, .object([member: "Hello you", "pooling": "max"]))
      #expect(unknown.status == 400 && unknown.text.contains("mean"))
    }
    #expect(try await told.get("/info").json["model_type"] == ["embedding": ["pooling": "first"]])
    // Both places are read.
    for (outer, inner, status) in [
      ("first", "first", 200), ("first", "mean", 400), ("first", "", 400),
    ] {
      let answer = try await client.post(
        "/similarity",
        [
          "inputs": ["source_sentence": "a", "sentences": ["b"]], "pooling": .string(outer),
          "parameters": ["pooling": .string(inner)],
        ])
      #expect(answer.status == status, "\(outer), \(inner): \(answer.text)")
    }
  }

  @Test("long texts are cut on request or for all, and the answer says how many")
  func truncation() async throws {
    let model = try SmallModel.shared.get()
    let (strict, lenient) = (
      try Client(model), try Client(path: model.path) { $0.text.truncates = true }
    )
    let long = JSONValue.string(String(repeating: "word ", count: 700))
    for (path, member) in [("/embed", "inputs"), ("/v1/embeddings", "input")] {
      let refused = try await strict.post(path, .object([member: [long, "short", long]]))
      #expect(refused.status == 422)
      #expect(refused.text.contains("truncate") && refused.text.contains("[0]"))
      let asked = try await strict.post(
        path, .object([member: [long, "short", long], "truncate": true]))
      #expect(asked.status == 200 && asked.truncatedInputs == "2")
      let told = try await lenient.post(path, .object([member: [long, "short", long]]))
      #expect(told.text == asked.text && told.truncatedInputs == "2")
      let short = try await lenient.post(path, .object([member: "short"]))
      #expect(short.status == 200 && short.truncatedInputs == nil)
      let declined = try await lenient.post(path, .object([member: long, "truncate": false]))
      #expect(declined.status == 422)
    }
    #expect(try await lenient.get("/info").json["auto_truncate"] == true)
    // Routes that cannot cut do not advise it.
    let scored = try await strict.post("/score", ["inputs": long])
    #expect(scored.status == 422 && !scored.text.contains("truncate"))
    let masks = JSONValue.string(String(repeating: "word ", count: 700) + "<mask>")
    let lost = try await lenient.post("/fill-mask", ["inputs": ["a <mask>", masks]])
    #expect(lost.status == 422 && lost.text.contains("inputs\\\"[1]"))
  }

  @Test("what is wrong with one of several inputs names it, and none is left out")
  func places() async throws {
    let client = try Client(SmallModel.shared.get())
    for (path, body): (String, JSONValue) in [
      ("/fill-mask", ["inputs": ["a <mask>", "none"]]),
      ("/embed", ["inputs": ["a", [99_999_999]]]),
      ("/embed", ["inputs": ["a", 1]]), ("/score", ["inputs": ["a", ""]]),
      ("/decode", ["ids": [[1], [99_999_999]]]), ("/predict", ["inputs": [["a"], []]]),
      ("/v1/embeddings", ["input": ["a", [1, 2]]]),
      ("/tokenize", ["inputs": ["a", .string(String(repeating: "a ", count: 999))]]),
    ] {
      let answer = try await client.post(path, body)
      #expect([400, 422].contains(answer.status) && answer.text.contains("[1]"), "\(answer.text)")
    }
  }

  @Test("a target that is no token is named")
  func targets() async throws {
    let client = try Client(SmallModel.shared.get())
    let parameters: JSONValue = ["targets": ["porte", "кошкаdogs"]]
    let answer = try await client.post(
      "/fill-mask", ["inputs": "Elle a ouvert la <mask>.", "parameters": parameters])
    #expect(answer.json.array?.count == 2)
    #expect(answer.json.array?.compactMap { $0["target"]?.string } == ["кошкаdogs"])
    // In ASCII, as headers must be.
    #expect(answer.warnings.count == 1 && answer.warnings[0].contains("\\u043a"))
    #expect(answer.json.array?.allSatisfy { $0["score"]?.double ?? 0 > 0 } == true)
  }

  @Test("token ids of another tokenizer are refused with the client's setting, unless all agree")
  func tokenIDs() async throws {
    let model = try SmallModel.shared.get()
    let client = try Client(model)
    // What LangChain's OpenAIEmbeddings sends unless told otherwise.
    let foreign: JSONValue = ["input": [[9906, 1917]], "model": "x", "encoding_format": "base64"]
    let refused = try await client.post("/v1/embeddings", foreign)
    #expect(refused.status == 422 && refused.text.contains("check_embedding_ctx_length=False"))
    let open = try Client(path: model.path) { $0.takesTokenIDs = true }
    let other = try await open.post("/v1/embeddings", ["input": [[90, 91]]])
    #expect(other.status == 422 && other.text.contains("check_embedding_ctx_length=False"))
    let tokens = try await client.post("/tokenize", ["inputs": "Hello you"]).json.array?[0]
    let ids = JSONValue.array(tokens?.array?.compactMap { $0["id"] } ?? [])
    let taken = try await open.post("/v1/embeddings", ["input": ids])
    let text = try await open.post("/v1/embeddings", ["input": "Hello you"])
    #expect(taken.status == 200 && taken.json["data"] == text.json["data"])
  }
}

extension Client.Answer {
  fileprivate var truncatedInputs: String? {
    HTTPField.Name("x-truncated-inputs").flatMap { headers[$0] }
  }

  fileprivate var warnings: [String] {
    HTTPField.Name("x-warning").map { headers[values: $0] } ?? []
  }
}
