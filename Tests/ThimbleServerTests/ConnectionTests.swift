import HTTPTypes
import Testing
import ThimbleServer
import ThimbleTestSupport

/// When a connection is used again, and how it ends.
@Suite("A connection")
struct ConnectionTests {
  private static let health = "GET /health HTTP/1.1\r\nHost: x\r\n"

  @Test("gets exactly one answer to what cannot be read to its end, and is closed")
  func oneAnswer() async throws {
    try await serve { _, address in
      let more = String(repeating: "x", count: 30_000)
      for (request, status) in [
        ("POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "413"),
        ("garbage\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n", "417"),
        ("POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", "505"),
      ] {
        // What follows is neither answered, nor does it destroy the answer.
        let text = try await Connection.talk(address, [request, more, goodRequest])
        #expect(statuses(text) == [status], "\(request)")
        #expect(text.contains("Connection: close\r\n"), "\(request)")
      }
    }
  }

  @Test("ends after an answer in HTTP/1.0, or when the client wants it, and stays open otherwise")
  func keepAlive() async throws {
    try await serve { _, address in
      for (head, count) in [
        ("GET /ping HTTP/1.0\r\n", 1), ("GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n", 2),
        ("GET /ping HTTP/1.1\r\nConnection: close\r\n", 1), ("GET /ping HTTP/1.1\r\n", 2),
        ("GET /ping HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n", 1),
      ] {
        let last = "GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n"
        let text = try await Connection.talk(address, ["\(head)\r\n", last])
        #expect(statuses(text).count == count, "\(head)")
        #expect(text.contains("Connection: keep-alive") == (head.contains("1.0") && count == 2))
      }
    }
  }

  @Test("is told to go on when it asks before it sends a body, unless the body would be refused")
  func expectations() async throws {
    try await serve { _, address in
      let head = "POST /embed HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
      let answer = try await Connection.open(address) { connection in
        try await connection.send(head + "15\r\n\r\n")
        let first = try await connection.read(until: "\r\n\r\n")
        #expect(first.hasPrefix("HTTP/1.1 100 Continue"))
        try await connection.send(#"{"inputs": "a"}"#)
        return try await connection.read(until: "]]")
      }
      #expect(statuses(answer) == ["200"])
      let refused = try await Connection.talk(address, [head + "9999999\r\n\r\n"])
      #expect(statuses(refused) == ["413"])
    }
  }

  @Test("has its time from the first byte of a request to the last, however they drip")
  func dripping() async throws {
    var limits = ConnectionLimits()
    limits.timeout = 1
    try await serve(limits) { _, address in
      // An answer before does not change that.
      for before in ["", Self.health + "\r\n"] {
        let text = try await Connection.open(address) { connection in
          if !before.isEmpty {
            try await connection.send(before)
            _ = try await connection.read(until: "}")
          }
          for byte in (Self.health + "a: b\r\nc: d").utf8 {
            try await connection.send([byte])
            try await Task.sleep(for: .milliseconds(50))
          }
          return try await connection.read()
        }
        #expect(statuses(text) == ["408"])
      }
      try await expectService(address)
    }
  }

  @Test("is answered one request after the other, and nothing is lost of many that come at once")
  func pipeline() async throws {
    try await serve { _, address in
      let body = #"{"inputs": "a"}"#
      let chunks = "7\r\n{\"input\r\n8\r\ns\": \"a\"}\r\n0\r\n\r\n"
      let requests = (0..<60).map { number in
        switch number % 3 {
        case 0: "GET /nowhere HTTP/1.1\r\n\r\n"
        case 1: Connection.request("POST", "/embed", body)
        default: "POST /embed HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        }
      }
      let text = try await Connection.talk(
        address, [requests.joined(), Self.health + "Connection: close\r\n\r\n"])
      let expected = (0..<60).map { $0 % 3 == 0 ? "404" : "200" } + ["200"]
      #expect(statuses(text) == expected)
      // The same, cut into bytes.
      let bytes = Array((requests[1] + requests[2] + requests[0]).utf8)
      let cut = try await Connection.open(address) { connection in
        for byte in bytes { try await connection.send([byte]) }
        try await connection.send(Self.health + "Connection: close\r\n\r\n")
        return try await connection.read()
      }
      #expect(statuses(cut) == ["200", "200", "404", "200"])
    }
  }

  @Test("without a key is not read a body from")
  func strangers() async throws {
    let client = try Client(SmallModel.shared.get(), key: "geheim")
    try await serve(client: client) { _, address in
      let text = try await Connection.talk(
        address, ["POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n{"])
      #expect(statuses(text) == ["401"])
    }
  }

  @Test("finds a path in whatever form the request names it")
  func paths() {
    for (target, path) in [
      ("/a/b?c=/d", "/a/b"), ("http://host:80/a?b", "/a"), ("http://host", "/"), ("*", "*"),
      ("/a//b", "/a//b"), ("", "/"), ("?a", "/"),
    ] { #expect(Incoming.path(of: target) == path) }
  }
}
