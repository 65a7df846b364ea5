import Logging
import ServiceLifecycle
import Testing
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport

/// Over real sockets: what happens before and after a request is one.
@Suite("The listener")
struct LiveTests {
  @Test("answers pipelined requests in order, then what is no HTTP with 400")
  func pipeline() async throws {
    try await serve { _, address in
      let text = try await Connection.talk(
        address,
        [
          goodRequest, Connection.request("POST", "/embed", "{"),
          Connection.request("GET", "/nowhere"), "garbage\r\n\r\n",
        ])
      #expect(statuses(text) == ["200", "400", "404", "400"])
    }
  }

  @Test("refuses headers and bodies that are too large, and closes")
  func large() async throws {
    try await serve { _, address in
      let long = String(repeating: "x", count: 100_000)
      for request in [
        "GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(long)\r\n\r\n", "GET /\(long) HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 10_000) + "\r\n",
      ] {
        let answer = try await Connection.talk(address, [request])
        // What is sent on after the answer may make a reset of the end.
        #expect(answer.hasPrefix("HTTP/1.1 431") || answer.isEmpty)
      }
      let announced = try await Connection.talk(
        address, ["POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"])
      #expect(announced.hasPrefix("HTTP/1.1 413") && announced.contains("error_type"))
      let chunk = String(repeating: "x", count: 1 << 16)
      let chunked = try await Connection.talk(
        address,
        ["POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"]
          + [String](repeating: "10000\r\n\(chunk)\r\n", count: 20), enough: "error_type")
      #expect(chunked.hasPrefix("HTTP/1.1 413") || chunked.isEmpty)
      try await expectService(address)
    }
  }

  @Test("cuts off who takes too long to ask, be it the head or the body")
  func slow() async throws {
    var limits = ConnectionLimits()
    (limits.timeout, limits.idle) = (1, 3)
    try await serve(limits) { _, address in
      let body = try await Connection.talk(
        address, ["POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"])
      #expect(body.hasPrefix("HTTP/1.1 408"))
      for head in ["P", "POST /embed HTTP/1.1\r\nHost: x\r\nContent-Le"] {
        let text = try await Connection.talk(address, [head])
        #expect(statuses(text) == ["408"])
      }
      // Who has asked nothing gets no answer.
      #expect(try await Connection.talk(address, [""]).isEmpty)
      try await expectService(address)
    }
  }

  @Test("cuts off who does not take answers, and serves the others meanwhile")
  func slowReader() async throws {
    var limits = ConnectionLimits()
    limits.timeout = 1
    try await serve(limits) { client, address in
      let request = Connection.request("GET", "/openapi.json")
      let count = 4000  // of 30 kB each: more than all buffers between hold
      let received = try await Connection.open(address) { connection in
        try await connection.send(String(repeating: request, count: count))
        repeat { try await expectService(address) } while try await openConnections(client) > 0
        return try await connection.read().utf8.count
      }
      #expect(received < count * 30_000 / 2)
    }
  }

  private func openConnections(_ client: Client) async throws -> Int {
    let text = try await client.get("/metrics").text
    let line = text.split(separator: "\n").first { $0.hasPrefix("thimble_connections ") }
    return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
  }

  @Test("takes a client that closes its side as gone, and serves the others")
  func halfClosed() async throws {
    try await serve { client, address in
      for part in [
        goodRequest, "", "POST /embed HTTP/1.1\r\nContent-Le",
        "POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{",
      ] {
        _ = try await Connection.talk(address, [part], halfCloses: true)
        try await expectService(address)
      }
      while try await openConnections(client) > 0 { try await Task.sleep(for: .milliseconds(1)) }
    }
  }

  @Test("answers a hundred clients at once, and more than it lets in, one after the other")
  func many() async throws {
    var few = ConnectionLimits()
    few.maximumConnections = 4
    for limits in [ConnectionLimits(), few] {
      try await serve(limits) { _, address in
        let expected = try await Connection.talk(address, [goodRequest], enough: "]]")
          .split(separator: "\r\n\r\n").last
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<100 {
            group.addTask {
              let text = try await Connection.talk(address, [goodRequest], enough: "]]")
              #expect(text.hasPrefix("HTTP/1.1 200"))
              #expect(text.split(separator: "\r\n\r\n").last == expected)
            }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  static let oddities: [(what: String, bytes: [UInt8])] = [
    ("TLS", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]),
    ("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)),
    ("zeros", [UInt8](repeating: 0, count: 5000)),
    ("a negative length", Array("POST /embed HTTP/1.1\r\nContent-Length: -5\r\n\r\n".utf8)),
    (
      "a length beyond all integers",
      Array("POST /embed HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n".utf8)
    ),
    (
      "two lengths",
      Array("POST /embed HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}".utf8)
    ),
    (
      "a length and chunks",
      Array(
        "POST /embed HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
          .utf8)
    ),
    (
      "a chunk of no number",
      Array("POST /embed HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n".utf8)
    ),
    (
      "a path that is not UTF-8",
      Array("GET /".utf8) + [0xFF, 0xC0] + Array(" HTTP/1.1\r\n\r\n".utf8)
    ),
    (
      "a header that is not UTF-8",
      Array("GET /info HTTP/1.1\r\nAuthorization: Bearer ".utf8) + [0xFF, 0xC0]
        + Array("\r\nConnection: close\r\n\r\n".utf8)
    ),
    (
      "a body that is not UTF-8",
      Array(
        "POST /embed HTTP/1.1\r\nConnection: close\r\nContent-Length: 13\r\n\r\n{\"inputs\":\"".utf8
      )
        + [0xFF, 0x22, 0x7D]
    ),
  ]

  @Test("goes on serving after what no client sends", arguments: oddities)
  func oddity(what: String, bytes: [UInt8]) async throws {
    try await serve { _, address in
      let text = try await Connection.open(address) { connection in
        try await connection.send(bytes)
        connection.finish()
        return try await connection.read()
      }
      #expect(
        statuses(text).allSatisfy { ["200", "400", "404", "413", "505"].contains($0) }, "\(text)")
      try await expectService(address, what)
    }
  }

  @Test("goes on serving after requests that were garbled on the way")
  func garbled() async throws {
    try await serve { _, address in
      var random = SeededRandom(seed: 20_261_124)
      let whole = Array((goodRequest + goodRequest).utf8)
      for _ in 0..<300 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          if Bool.random(using: &random) {
            bytes[place] = UInt8.random(in: 0...255, using: &random)
          } else {
            bytes.remove(at: place)
          }
        }
        let sent = bytes
        let text = try await Connection.open(address) { connection in
          try await connection.send(sent)
          connection.finish()
          return try await connection.read()
        }
        // 503 is for requests of who is gone, as one that closes its side is taken to be.
        for status in statuses(text) {
          #expect(
            [
              "200", "204", "400", "401", "404", "405", "413", "417", "422", "431", "501", "503",
              "505",
            ].contains(status),
            "\(text)")
        }
      }
      try await expectService(address)
    }
  }

  @Test("holds a few large bodies at a time, and serves small requests beside them")
  func largeBodies() async throws {
    var limits = ConnectionLimits()
    limits.timeout = 3
    try await serve(limits) { _, address in
      let head = "POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 250000\r\n\r\n"
      let most = String(repeating: " ", count: 249_999)
      let answers = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<12 {
          group.addTask { try await Connection.talk(address, [head, most], enough: "error_type") }
        }
        var answers = [try #require(try await group.next())]
        try await expectService(address)
        for try await answer in group { answers.append(answer) }
        return answers
      }
      // The others arrive too slowly. A reset may take an answer away.
      #expect(
        answers.allSatisfy { $0.isEmpty || ["408", "429"].contains($0.dropFirst(9).prefix(3)) })
      #expect(answers.contains { $0.hasPrefix("HTTP/1.1 429") && $0.contains("Retry-After: 1") })
    }
  }

  @Test("answers 100,000 masks at a bounded cost")
  func masks() async throws {
    try await serve { _, address in
      for (count, status) in [(40_000, "422"), (100_000, "413")] {
        let masks = String(repeating: "<mask>", count: count)
        let text = try await Connection.talk(
          address, [Connection.request("POST", "/fill-mask", "{\"inputs\": \"\(masks)\"}")],
          enough: "error_type")
        // What is sent on after the answer may make a reset of the end.
        #expect(text.hasPrefix("HTTP/1.1 \(status)") || text.isEmpty && status == "413")
        try await expectService(address)
      }
    }
  }

  @Test("answers over a Unix socket, replaces a stale one, and takes nothing else away")
  func unixSocket() async throws {
    let folder = TemporaryFolder()
    let path = folder("socket")
    // Bound, then left behind by who bound it.
    let script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    let python = ChildProcess.environment("TOOLS_PYTHON") ?? "python3"
    #expect(try ChildProcess(python, ["-c", script, path]).exitCode == 0)
    try await serve(at: .unix(path: path)) { client, address in
      try await expectService(address)
      let second = Listener(client.interface, address: .unix(path: path))
      await #expect(throws: ListenError.self) { try await second.run() }
      try await expectService(address, "the second server took the socket away")
    }
    let file = try folder.write([1, 2, 3], to: "file")
    let client = try Client(SmallModel.shared.get())
    await #expect(throws: ListenError.self) {
      try await Listener(client.interface, address: .unix(path: file)).run()
    }
    #expect(try MappedFile(path: file).bytes.bytes() == [1, 2, 3])
  }
}
