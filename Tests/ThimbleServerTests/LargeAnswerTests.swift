import HTTPTypes
import HummingbirdCore
import Testing
import Thimble
import ThimbleJSON

/// Answers that are much larger than their requests.
@Suite("Large answers")
struct LargeAnswerTests {
  let model: SmallModel
  let client: Client

  init() throws {
    model = try SmallModel.shared.get()
    // Room for the vectors of a request, and no more.
    client = try Client(path: model.path, roomForReadings: 0)
  }

  /// A request whose readings take more than a third, less than half of the room.
  private static func body(masks: Int = 8, top: Int = 100) -> [UInt8] {
    let inputs = JSONValue.string(String(repeating: "<mask> ", count: masks))
    let body: JSONValue = ["inputs": inputs, "parameters": ["top_k": JSONValue(top)]]
    return Array(body.text().utf8)
  }

  @Test("are written in pieces, and tell their length beforehand")
  func pieces() async throws {
    let answer = try await client.send(.post, "/fill-mask", Self.body(masks: 2, top: 400))
    let text = String(repeating: "<mask> ", count: 2)
    var options = FillMaskOptions()
    options.top = 400
    let expected = try model.languageModel().fillMask(text, options)
    // Not in the expectation itself, which would print it all.
    let isExpected = answer.json == .array(expected.map { .array($0.map(\.expected)) })
    #expect(isExpected)
    #expect(answer.headers[.contentLength] == "\(answer.text.utf8.count)")
    #expect(answer.pieces > answer.text.utf8.count >> 15)
  }

  @Test("of vectors, scores and tokens are what small ones are")
  func kinds() async throws {
    let texts = (0..<14).map {
      JSONValue.string(
        "number \($0) of the sentences, which all have a few words, commas, and a point.")
    }
    for path in ["/embed", "/score", "/tokenize"] {
      let all = try await client.post(path, ["inputs": .array(texts)])
      #expect(all.status == 200 && all.pieces > 1, "\(path)")
      let last = try await client.post(path, ["inputs": [texts[13]]])
      #expect(last.pieces == 1)
      let isSame = all.json.array?.last == last.json.array?.first
      #expect(isSame && all.json.array?.count == texts.count, "\(path)")
    }
  }

  @Test("wait until there is room for what they are made of, and small ones do not wait for them")
  func room() async throws {
    let client = client
    var held = [await client.respond(.post, "/fill-mask", Self.body())]
    held.append(await client.respond(.post, "/fill-mask", Self.body()))
    #expect(held.allSatisfy { $0.status == .ok })
    async let third = client.send(.post, "/fill-mask", Self.body())
    while try await waiting() == 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await client.post("/fill-mask", ["inputs": "a <mask>"]).status == 200)
    #expect(try await waiting() == 1)
    let first = try await Client.take(held.removeFirst())
    #expect(try await third.text == first.text)
    #expect(try await waiting() == 0)
    #expect(try await Client.take(held[0]).text == first.text)
  }

  @Test("that nobody waits for any more take no room")
  func abandoned() async throws {
    let client = client
    var held = [await client.respond(.post, "/fill-mask", Self.body())]
    held.append(await client.respond(.post, "/fill-mask", Self.body()))
    let third = Task { try await client.send(.post, "/fill-mask", Self.body()).status }
    while try await waiting() == 0 { try await Task.sleep(for: .milliseconds(1)) }
    third.cancel()
    #expect(try await third.value == 503)
    held = []
    #expect(try await client.send(.post, "/fill-mask", Self.body()).status == 200)
  }

  @Test("that would never have room are refused")
  func tooLarge() async throws {
    let answer = try await client.send(.post, "/fill-mask", Self.body(masks: 30))
    #expect(answer.status == 422 && answer.text.contains("Ask for less"))
  }

  /// How many requests wait.
  private func waiting() async throws -> Int {
    let text = try await client.get("/metrics").text
    let line = text.split(separator: "\n").first { $0.hasPrefix("thimble_queue_requests ") }
    return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
  }
}
