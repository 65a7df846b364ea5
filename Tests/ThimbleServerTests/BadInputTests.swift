import HTTPTypes
import Testing
import ThimbleJSON
import ThimbleServer
import ThimbleTestSupport

@Suite("Bad input")
struct BadInputTests {
  let client: Client

  init() throws { client = try Client(SmallModel.shared.get(), key: "geheim", queueCapacity: 4096) }

  private func post(_ path: String, _ body: String) async throws -> Client.Answer {
    try await client.send(.post, path, Array(body.utf8), key: "Bearer geheim")
  }

  static let refusals: [(path: String, body: String, status: Int)] = [
    ("/fill-mask", "", 400),
    ("/fill-mask", "{", 400),
    ("/fill-mask", "[]", 400),
    ("/fill-mask", "{}", 400),
    ("/fill-mask", #"{"inputs": 1}"#, 400),
    ("/fill-mask", #"{"inputs": ["<mask>", 1]}"#, 400),
    ("/fill-mask", #"{"inputs": "<mask>", "inputs": "<mask>"}"#, 400),
    ("/fill-mask", #"{"inputs": "<mask>", "top_K": 3}"#, 400),
    ("/fill-mask", #"{"inputs": "<mask>", "parameters": {"top_k": 0}}"#, 400),
    ("/fill-mask", #"{"inputs": "<mask>", "parameters": {"top_k": 1001}}"#, 400),
    ("/fill-mask", #"{"inputs": "<mask>", "parameters": {"top_k": 1.5}}"#, 400),
    ("/fill-mask", #"{"inputs": "<mask>", "parameters": {"targets": "a"}}"#, 400),
    ("/fill-mask", #"{"inputs": "\ud800 <mask>"}"#, 400),
    ("/fill-mask", #"{"inputs": []}"#, 422),
    ("/fill-mask", #"{"inputs": ""}"#, 422),
    ("/fill-mask", #"{"inputs": "no such thing"}"#, 422),
    ("/fill-mask", #"{"inputs": "<mask>", "parameters": {"targets": [""]}}"#, 422),
    ("/embed", #"{"inputs": []}"#, 422),
    ("/embed", #"{"inputs": [[]]}"#, 400),
    ("/embed", #"{"inputs": [1, "a"]}"#, 400),
    ("/embed", #"{"inputs": [1, 99999999]}"#, 422),
    ("/embed", #"{"inputs": [-1]}"#, 422),
    ("/embed", #"{"inputs": "a", "prompt_name": "query"}"#, 422),
    ("/embed", #"{"inputs": "a", "truncation_direction": "up"}"#, 400),
    ("/embed", #"{"inputs": "a", "dimensions": 64}"#, 422),
    ("/v1/embeddings", #"{"input": "a", "encoding_format": "hex"}"#, 400),
    ("/similarity", #"{"inputs": {"source_sentence": "a"}}"#, 400),
    ("/similarity", #"{"inputs": {"source_sentence": "a", "sentences": []}}"#, 422),
    ("/similarity", #"{"inputs": {"source_sentence": "a", "sentences": "b"}}"#, 400),
    ("/score", #"{"inputs": "a", "parameters": {"method": "sum"}}"#, 400),
    ("/score", #"{"inputs": ""}"#, 422),
    ("/decode", #"{"ids": ["a"]}"#, 400),
    ("/tokenize", #"{"inputs": null}"#, 400),
    ("/predict", #"{"inputs": "a"}"#, 424),
    ("/nowhere", "{}", 404),
    ("/models/other", "{}", 404),
    ("/info", "{}", 405),
  ]

  @Test("is refused with the documented status and body", arguments: refusals)
  func refusal(path: String, body: String, status: Int) async throws {
    let answer = try await post(path, body)
    #expect(answer.status == status)
    if path.hasPrefix("/v1/") {
      #expect(answer.json["error"]?["message"]?.string != nil)
    } else {
      #expect(answer.json["error"]?.string != nil && answer.json["error_type"]?.string != nil)
    }
  }

  @Test("that is not UTF-8 is refused")
  func notUTF8() async throws {
    let body = Array(#"{"inputs": "<mask> "#.utf8) + [0xFF, 0xC0] + Array(#""}"#.utf8)
    let answer = try await client.send(.post, "/fill-mask", body, key: "Bearer geheim")
    #expect(answer.status == 400)
  }

  @Test("that is too much is refused at a bounded cost")
  func tooMuch() async throws {
    let masks = String(repeating: "<mask> ", count: 100_000)
    #expect(try await post("/fill-mask", "{\"inputs\": \"\(masks)\"}").status == 422)
    let deep = String(repeating: "[", count: 100_000)
    #expect(try await post("/embed", "{\"inputs\": \(deep)").status == 400)
    let many = String(repeating: "\"a\",", count: 33) + "\"a\""
    #expect(try await post("/embed", "{\"inputs\": [\(many)]}").status == 422)
    // As many values as no request needs are not even read.
    let values = String(repeating: "1,", count: 60_000) + "1"
    #expect(try await post("/embed", "{\"inputs\": [\(values)]}").status == 400)
    let text = String(repeating: "word ", count: 100)
    #expect(try await post("/score", "{\"inputs\": \"\(text)\"}").status == 422)
    let long = String(repeating: "word ", count: 10_000)
    #expect(try await post("/embed", "{\"inputs\": \"\(long)\"}").status == 422)
    #expect(try await post("/embed", "{\"inputs\": \"\(long)\", \"truncate\": true}").status == 200)
    // Each mask's logits are computed, a few at a time, and all of them arrive.
    let hundred = String(repeating: "<mask>", count: 100)
    let filled = try await post("/fill-mask", "{\"inputs\": \"\(hundred)\"}")
    #expect(filled.status == 200 && filled.json.array?.count == 100)
  }

  @Test("leaves a key's bearer in peace")
  func keys() async throws {
    for wrong in [
      nil, "", "geheim", "Bearer ", "Bearer geheiM", "Bearer geheimgeheim", "Basic geheim",
    ] {
      let answer = try await client.send(.get, "/info", key: wrong)
      #expect(
        answer.status == 401 && answer.headers[.wwwAuthenticate] == "Bearer", "\(wrong ?? "none")")
    }
    #expect(try await client.send(.get, "/info", key: "bearer geheim").status == 200)
    for path in ["/", "/metrics"] { #expect(try await client.get(path).status == 200) }
  }

  @Test("of any kind leads to a documented status")
  func fuzz() async throws {
    var random = SeededRandom(seed: 20_261_123)
    let valid = [
      ("/fill-mask", #"{"inputs":["a <mask>","<mask>"],"parameters":{"top_k":2,"targets":["a"]}}"#),
      ("/embed", #"{"inputs":[[1,5,9],"a"],"normalize":true,"truncate":false,"dimensions":null}"#),
      ("/v1/embeddings", #"{"input":"a","model":"m","encoding_format":"base64","user":"u"}"#),
      ("/score", #"{"inputs":["ab","c"],"parameters":{"method":"original"}}"#),
      ("/tokenize", #"{"inputs":"a b","add_special_tokens":false}"#),
      ("/decode", #"{"ids":[[1,2],[3]],"skip_special_tokens":true}"#),
      ("/similarity", #"{"inputs":{"source_sentence":"a","sentences":["b"]}}"#),
    ]
    let pieces = [
      "\"", "[", "]", "{", "}", ",", ":", "null", "-1", "1e999", "\\u0000", "\\", "<mask>", "0",
      "😀",
    ]
    for _ in 0..<1500 {
      let (path, text) = valid[Int.random(in: 0..<valid.count, using: &random)]
      var body = Array(text.utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<body.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: body[place] = UInt8.random(in: 0...255, using: &random)
        case 1: body.remove(at: place)
        case 2: body.removeLast(body.count - max(place, 1))
        default:
          let piece = pieces[Int.random(in: 0..<pieces.count, using: &random)]
          body.insert(contentsOf: piece.utf8, at: place)
        }
      }
      let answer = try await client.send(.post, path, body, key: "Bearer geheim")
      #expect(
        [200, 400, 422].contains(answer.status), "\(path) \(String(decoding: body, as: UTF8.self))")
    }
  }
}
