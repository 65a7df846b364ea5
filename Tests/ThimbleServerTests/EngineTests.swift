import HTTPTypes
import Testing
import Thimble
import ThimbleJSON
import ThimbleModel
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport

@Suite("The engine")
struct EngineTests {
  @Test("puts a new file in the place of the old one without failing a request")
  func reload() async throws {
    let model = try SmallModel(bits: 7)
    let client = try Client(model)
    let text = EndpointTests.texts[0]
    func expected() throws -> JSONValue {
      .array(try model.languageModel().fillMask(text)[0].map(\.expected))
    }
    let old = try expected()
    try model.convert(bits: 5)
    let new = try expected()
    #expect(old != new)
    try await withThrowingTaskGroup(of: Client.Answer.self) { group in
      for _ in 0..<60 {
        group.addTask { try await client.post("/fill-mask", ["inputs": .string(text)]) }
      }
      group.addTask {
        try await client.engine.reload()
        return try await client.post("/fill-mask", ["inputs": .string(text)])
      }
      for try await answer in group {
        #expect(answer.status == 200 && [old, new].contains(answer.json))
      }
    }
    #expect(try await client.post("/fill-mask", ["inputs": .string(text)]).json == new)
    #expect(try await client.get("/health").status == 200)
  }

  @Test("goes on with the old file when the new one is damaged")
  func damagedReload() async throws {
    let model = try SmallModel()
    let client = try Client(model)
    let before = try await client.post("/embed", ["inputs": "Hello"]).json
    var bytes = try MappedFile(path: model.path).bytes.bytes()
    bytes[bytes.count / 2] ^= 0x10
    _ = try model.folder.write(bytes, to: "small.thimble")
    await #expect(throws: (any Error).self) { try await client.engine.reload() }
    #expect(try await client.post("/embed", ["inputs": "Hello"]).json == before)
  }

  @Test("goes on with the old file until the new one has answered a probe")
  func dumbReload() async throws {
    let model = try SmallModel()
    let client = try Client(model)
    let before = try await client.post("/embed", ["inputs": "Hello"]).json
    for dumb in [try TinyModel.infinite(), try .ofTwoPositions()] {
      // They can be opened, but do not start a server either.
      let fresh = try Client(path: dumb.path)
      await #expect(throws: ModelError.self) { try await fresh.engine.warmUp() }
      #expect(!fresh.engine.isHealthy)
      let bytes = try MappedFile(path: dumb.path).bytes.bytes()
      _ = try model.folder.write(bytes, to: "new")
      #expect(try ChildProcess("mv", [model.folder("new"), model.path]).exitCode == 0)
      await #expect(throws: ModelError.self) { try await client.engine.reload() }
      #expect(try await client.post("/embed", ["inputs": "Hello"]).json == before)
      #expect(try await client.get("/health").status == 200)
    }
    try model.convert(bits: 5)
    try await client.engine.reload()
    let after = try await client.post("/embed", ["inputs": "Hello"])
    #expect(after.status == 200 && after.json != before)
  }

  @Test("answers the same while a new file is probed in a budget that holds the weights of one")
  func tightReload() async throws {
    let model = try SmallModel()
    // What the process has beside the model changes with the tests that run at the same time.
    let base = 8 << 20
    let wide = try LanguageModel(
      path: model.path, options: RunOptions(threads: 2, maximumTokens: 128))
    let plan = try #require(wide.plan)
    // A probe takes more than a MiB: for its time the old model has to let weights go.
    let client = try Client(
      path: model.path, memory: .bytes(base + plan.peak - plan.base + (1 << 20)), base: base)
    let texts = (0..<40).map { JSONValue.string("The number \($0) is a <mask>.") }
    let before = try await client.post("/fill-mask", ["inputs": .array(Array(texts.prefix(30)))])
    #expect(before.status == 200)
    for _ in 0..<4 {
      async let reloaded: Void = client.engine.reload()
      let answer = try await client.post("/fill-mask", ["inputs": .array(Array(texts.prefix(30)))])
      #expect(answer.json == before.json)
      try await reloaded
    }
  }

  @Test("refuses with 429 when more waits than the queue holds, and works on")
  func overload() async throws {
    let client = try Client(SmallModel.shared.get(), queueCapacity: 512)
    let inputs = JSONValue.array([JSONValue](repeating: "one two three four five six", count: 32))
    let statuses = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
      for _ in 0..<12 { group.addTask { try await client.post("/embed", ["inputs": inputs]) } }
      return try await group.reduce(into: [Int: Int]()) { counts, answer in
        counts[answer.status, default: 0] += 1
        if answer.status == 429 {
          #expect(answer.headers[.retryAfter].flatMap { Int($0) } ?? 0 >= 1)
        }
      }
    }
    #expect((statuses[200] ?? 0) >= 1 && (statuses[429] ?? 0) >= 1)
    #expect(statuses.keys.allSatisfy { [200, 429].contains($0) })
    #expect(try await client.post("/embed", ["inputs": inputs]).status == 200)
  }

  @Test("answers what has been asked before it ends, and nothing after")
  func shutDown() async throws {
    let client = try Client(SmallModel.shared.get())
    async let answer = client.post("/embed", ["inputs": "Hello"])
    #expect([200, 503].contains(try await answer.status))
    try await client.engine.shutDown()
    #expect(try await client.post("/embed", ["inputs": "Hello"]).status == 503)
    #expect(try await client.get("/health").status == 503)
  }
}
