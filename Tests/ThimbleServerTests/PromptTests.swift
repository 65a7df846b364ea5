import HTTPTypes
import Testing
import Thimble
import ThimbleJSON
import ThimbleServer
import ThimbleTestSupport

@Suite("Prompts")
struct PromptTests {
  private func client(_ prompts: Prompts) throws -> Client {
    try Client(path: SmallModel.shared.get().path) { $0.prompts = prompts }
  }

  @Test("go before every text of which a vector is wanted")
  func named() async throws {
    let plain = try Client(SmallModel.shared.get())
    let client = try client(Prompts([("query", "find this: "), ("none", "")]))
    let whole: JSONValue = ["find this: a house", "find this: b"]
    let bare: JSONValue = ["a house", "b"]
    for (path, member) in [
      ("/embed", "inputs"), ("/embed_all", "inputs"), ("/v1/embeddings", "input"),
    ] {
      let expected = try await plain.post(path, .object([member: whole]))
      let asked = try await client.post(path, .object([member: bare, "prompt_name": "query"]))
      #expect(asked.status == 200 && asked.json == expected.json, "\(path) \(asked.text)")
      let without = try await plain.post(path, .object([member: bare])).json
      #expect(try await client.post(path, .object([member: bare])).json == without)
      let empty = try await client.post(path, .object([member: bare, "prompt_name": "none"]))
      #expect(empty.json == without && expected.json != without)
      let unknown = try await client.post(path, .object([member: bare, "prompt_name": "passage"]))
      #expect(unknown.status == 422 && unknown.text.contains("query, none"))
    }
    let similar = try await client.post(
      "/similarity",
      [
        "inputs": ["source_sentence": "a house", "sentences": ["b"]],
        "parameters": ["prompt_name": "query"],
      ])
    let expected = try await plain.post(
      "/similarity",
      ["inputs": ["source_sentence": "find this: a house", "sentences": ["find this: b"]]])
    #expect(similar.json == expected.json && similar.json.array?.count == 1)
    let tokens = try await client.post("/tokenize", ["inputs": "b", "prompt_name": "query"])
    #expect(
      tokens.json == (try await plain.post("/tokenize", ["inputs": "find this: b"])).json)
    // Where they have no place they are refused.
    #expect(
      try await client.post("/score", ["inputs": "b", "prompt_name": "query"]).status == 400)
    let none = try await plain.post("/embed", ["inputs": "a", "prompt_name": "query"])
    #expect(none.status == 422 && none.text.contains("none at all"))
  }

  @Test("by default go before texts, never before ids, and count towards the length")
  func standard() async throws {
    let plain = try Client(SmallModel.shared.get())
    let client = try client(Prompts([("query", "find this: ")], standardName: "query"))
    let found = try await client.post("/embed", ["inputs": "b"])
    #expect(found.json == (try await plain.post("/embed", ["inputs": "find this: b"])).json)
    let ids: JSONValue = [[1, 20, 1]]
    let unchanged = try await client.post("/embed", ["inputs": ids])
    #expect(unchanged.json == (try await plain.post("/embed", ["inputs": ids])).json)
    #expect(unchanged.headers.value("x-warning")?.contains("not before token ids") == true)
    let asked = try await client.post("/embed", ["inputs": ids, "prompt_name": "query"])
    #expect(asked.status == 422)
    // As many words as just fit without the prompt.
    let word = try await plain.post("/tokenize", ["inputs": "word"]).json.array?[0].array?.count
    let text = JSONValue.string(String(repeating: "word ", count: 126 / (try #require(word) - 2)))
    #expect(try await plain.post("/embed", ["inputs": text]).status == 200)
    #expect(try await client.post("/embed", ["inputs": text]).status == 422)
    for path in ["/fill-mask", "/score"] {
      let body: JSONValue = ["inputs": "a <mask>"]
      #expect(try await client.post(path, body).json == plain.post(path, body).json)
    }
    let info = try await client.get("/info").json
    #expect(info["prompts"] == ["query": "find this: "] && info["default_prompt_name"] == "query")
  }

  @Test("of the same name, or of a name that nobody gave, are none")
  func errors() throws {
    #expect(throws: PromptError.self) { try Prompts([("a", "b"), ("a", "c")]) }
    #expect(throws: PromptError.self) { try Prompts([("a", "b")], standardName: "c") }
  }
}

@Suite("Texts that are cut")
struct CutTextTests {
  let client: Client

  init() throws { client = try Client(SmallModel.shared.get()) }

  @Test("are cut where the request says, and the answer says so in each object about them")
  func sides() async throws {
    let words = String(repeating: "word ", count: 300)
    let long = JSONValue.string("Hello " + words + "you")
    for (name, mark) in [("left", "you"), ("Left", "you"), ("right", "Hello"), ("Right", "Hello")] {
      let cut = try await client.post(
        "/embed", ["inputs": long, "truncate": true, "truncation_direction": .string(name)])
      #expect(cut.status == 200 && cut.headers.value("x-truncated-inputs") == "1", "\(cut.text)")
      // The same text without its other end, which is cut to the same tokens.
      let part = JSONValue.string(mark == "you" ? words + "you" : "Hello " + words)
      let same = try await client.post(
        "/embed", ["inputs": part, "truncate": true, "truncation_direction": .string(name)])
      #expect(same.json == cut.json)
    }
    let (right, left) = (
      try await client.post("/embed", ["inputs": long, "truncate": true]),
      try await client.post(
        "/embed", ["inputs": long, "truncate": true, "truncation_direction": "left"])
    )
    #expect(right.json != left.json)
    let unknown = try await client.post("/embed", ["inputs": "a", "truncation_direction": "up"])
    #expect(unknown.status == 400 && unknown.text.contains("left"))
    let data = try await client.post(
      "/v1/embeddings",
      [
        "input": ["a", long], "truncate": true, "truncation_direction": "left",
        "encoding_format": "base64",
      ])
    #expect(data.json["data"]?.array?.map { $0["truncated"] } == [nil, true])
    let masked = JSONValue.string(words + "<mask>")
    let filled = try await client.post(
      "/fill-mask",
      [
        "inputs": [masked, "a <mask>"], "truncate": true,
        "parameters": ["truncation_direction": "left", "top_k": 2],
      ])
    #expect(
      filled.json.array?.map { $0.array?.map { $0["truncated"] } } == [[true, true], [nil, nil]])
    let twice = try await client.post(
      "/fill-mask",
      [
        "inputs": "a <mask>", "truncation_direction": "right",
        "parameters": ["truncation_direction": "left"],
      ])
    #expect(twice.status == 400 && twice.text.contains("twice"))
  }
}
