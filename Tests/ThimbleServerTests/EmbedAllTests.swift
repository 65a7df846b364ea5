import HTTPTypes
import Testing
import Thimble
import ThimbleJSON
import ThimbleModel
import ThimbleServer
import ThimbleTestSupport

@Suite("/embed_all")
struct EmbedAllTests {
  private func states(_ answer: JSONValue) -> [[[Float]]] {
    (answer.array ?? []).map { ($0.array ?? []).map(\.floats) }
  }

  @Test("has a vector for each token, of which /embed makes the mean")
  func mean() async throws {
    let client = try Client(SmallModel.shared.get())
    let answer = try await client.post("/embed_all", ["inputs": ["Hello you", "a"]])
    #expect(answer.status == 200 && answer.headers[.contentLength] == nil)
    let texts = states(answer.json)
    let tokens = try await client.post("/tokenize", ["inputs": ["Hello you", "a"]]).json.array
    #expect(texts.map(\.count) == tokens?.map { $0.array?.count ?? 0 })
    let means = try await client.post(
      "/embed", ["inputs": ["Hello you", "a"], "normalize": false])
    let firsts = try await client.post(
      "/embed", ["inputs": ["Hello you", "a"], "normalize": false, "pooling": "first"])
    for (index, states) in texts.enumerated() {
      #expect(states.allSatisfy { $0.count == 192 })
      #expect(firsts.json.array?[index].floats == states.first)
      var mean = [Float](repeating: 0, count: 192)
      for state in states { for column in mean.indices { mean[column] += state[column] } }
      #expect(means.json.array?[index].floats == mean.map { $0 / Float(states.count) })
    }
    #expect(answer.headers.value("x-compute-tokens") == "\(texts.joined().count)")
    let alone = try await client.post("/embed_all", ["inputs": "a"])
    #expect(states(alone.json) == [texts[1]])
  }

  @Test("is the same where one text takes several passes, and among others")
  func stretches() async throws {
    let model = try SmallModel.shared.get()
    let wide = try Client(model)
    // Room for 33 vectors of 192 numbers: 16 tokens are read at once.
    let narrow = try Client(path: model.path, roomForReadings: 0)
    let long = String((0..<20).map { "part \($0) of it " }.joined().dropLast())
    let inputs: JSONValue = [.string(long), "a", "Hello you", .string(long)]
    let expected = try await wide.post("/embed_all", ["inputs": inputs])
    let found = try await narrow.post("/embed_all", ["inputs": inputs])
    #expect(expected.status == 200 && found.text == expected.text)
    #expect(states(found.json).first?.count ?? 0 > 60)
  }

  @Test("refuses what cannot be read before it answers, and cuts on request")
  func refusals() async throws {
    let client = try Client(SmallModel.shared.get())
    let long = String(repeating: "word ", count: 700)
    let refused = try await client.post("/embed_all", ["inputs": ["a", .string(long)]])
    #expect(refused.status == 422 && refused.text.contains("[1]"))
    let cut = try await client.post(
      "/embed_all", ["inputs": ["a", .string(long)], "truncate": true])
    #expect(cut.status == 200 && cut.headers.value("x-truncated-inputs") == "1")
    #expect(states(cut.json).last?.count == 128)
    for body: JSONValue in [
      ["inputs": "a", "pooling": "mean"], ["inputs": "a", "normalize": true],
    ] {
      #expect(try await client.post("/embed_all", body).status == 400)
    }
    #expect(try await client.post("/embed_all", ["inputs": []]).status == 422)
  }
}

extension HTTPFields {
  func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
