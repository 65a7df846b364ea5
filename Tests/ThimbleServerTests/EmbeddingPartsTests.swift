import HTTPTypes
import Testing
import Thimble
import ThimbleJSON
import ThimbleServer
import ThimbleTestSupport

@Suite("A request of thousands of texts")
struct EmbeddingPartsTests {
  let client: Client

  // A queue and a room that hold a fraction of it.
  init() throws {
    client = try Client(
      path: SmallModel.shared.get().path, queueCapacity: 1024, roomForReadings: 0)
  }

  private func texts(_ count: Int) -> JSONValue {
    .array((0..<count).map { .string("text \($0 % 40) of them") })
  }

  @Test("is answered in parts, each vector as it is alone and in its place")
  func order() async throws {
    let answer = try await client.post("/v1/embeddings", ["input": texts(2048)])
    #expect(answer.status == 200 && answer.headers[.contentLength] == nil)
    let data = try #require(answer.json["data"]?.array)
    #expect(data.count == 2048)
    for index in 0..<40 {
      let one = try await client.post(
        "/v1/embeddings", ["input": .string("text \(index) of them")])
      let vector = one.json["data"]?.array?[0]["embedding"]
      for place in stride(from: index, to: 2048, by: 40) {
        let isRight = data[place]["embedding"] == vector && data[place]["index"]?.int == place
        guard isRight else {
          Issue.record("vector \(place)")
          return
        }
      }
    }
    let tokens = try await client.post("/tokenize", ["inputs": "text 1 of them"]).json.array?[0]
    #expect(
      answer.json["usage"]?["prompt_tokens"]?.int ?? 0 >= 2048 * (tokens?.array?.count ?? 99) - 2048
    )
  }

  @Test("lets others in between")
  func fairness() async throws {
    let client = client
    let large = Task { try await client.post("/v1/embeddings", ["input": texts(2048)]) }
    var answered = 0
    while try await client.get("/metrics").text.contains("thimble_passes_total 0\n") {
      await Task.yield()
    }
    for _ in 0..<8 {
      let answer = try await client.post("/embed", ["inputs": "Hello"])
      #expect(answer.status == 200)
      answered += 1
    }
    #expect(answered == 8)
    let whole = try await large.value
    #expect(whole.json["data"]?.array?.count == 2048)
  }

  @Test("is refused before any is computed if one of them is wrong, or there are too many")
  func refusals() async throws {
    var many = texts(2048).array ?? []
    #expect(try await client.post("/v1/embeddings", ["input": .array(many + ["a"])]).status == 422)
    many[1999] = .string(String(repeating: "word ", count: 700))
    let long = try await client.post("/v1/embeddings", ["input": .array(many)])
    #expect(long.status == 422 && long.text.contains("[1999]") && long.text.contains("truncate"))
    let cut = try await client.post(
      "/v1/embeddings", ["input": .array(many), "truncate": true, "encoding_format": "base64"])
    #expect(cut.status == 200 && cut.json["data"]?.array?.count == 2048)
    #expect(HTTPField.Name("x-truncated-inputs").flatMap { cut.headers[$0] } == "1")
  }
}
