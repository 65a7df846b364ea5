import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing
import ThimbleServer
import ThimbleTestSupport

/// Over real sockets: what happens before and after a request is one.
@Suite("The listener")
struct LiveTests {
  /// Runs a server for `body`, which gets its address, and lets it drain.
  private func serve(
    at address: ListenAddress, timeout: Int = 20,
    _ body: @Sendable @escaping (Client, String) async throws -> Void
  ) async throws {
    let client = try Client(SmallModel.shared.get())
    var limits = ConnectionLimits()
    limits.timeout = timeout
    let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
    let listener = Listener(client.interface, address: address, limits: limits) {
      continuation.yield($0)
    }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: listener, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: Client.silent))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      for await address in addresses.prefix(1) { try await body(client, address) }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  /// Runs a server at a port that is free.
  private func serve(
    timeout: Int = 20, _ body: @Sendable @escaping (Client, Int) async throws -> Void
  ) async throws {
    try await serve(at: .host("127.0.0.1", port: 0), timeout: timeout) { client, address in
      try await body(client, try #require(address.split(separator: ":").last.flatMap { Int($0) }))
    }
  }

  /// Sends `parts`, and reads until the server closes or `enough` has come.
  private func talk(
    to address: SocketAddress, _ parts: [String], halfCloses: Bool = false, enough: String? = nil
  ) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      for part in parts { try await outbound.write(ByteBuffer(string: part)) }
      if halfCloses { outbound.finish() }
      var text = ""
      do {
        for try await buffer in inbound {
          text += String(buffer: buffer)
          if let enough, text.contains(enough) { break }
        }
      } catch is IOError {}  // A reset is a way to close.
      return text
    }
  }

  private func talk(
    _ port: Int, _ parts: [String], halfCloses: Bool = false, enough: String? = nil
  ) async throws -> String {
    try await talk(
      to: SocketAddress(ipAddress: "127.0.0.1", port: port), parts, halfCloses: halfCloses,
      enough: enough)
  }

  private static func request(_ body: String, path: String = "/embed") -> String {
    "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test("answers pipelined requests in order, then what is no HTTP with 400")
  func pipeline() async throws {
    try await serve { _, port in
      let text = try await talk(
        port,
        [
          Self.request(#"{"inputs": "a"}"#), Self.request("{", path: "/embed"),
          "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", "garbage\r\n\r\n",
        ])
      let statuses = text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
      #expect(statuses == ["200", "400", "404", "400"])
    }
  }

  @Test("refuses headers and bodies that are too large, and closes")
  func large() async throws {
    try await serve { _, port in
      let header = String(repeating: "x", count: 20_000)
      let headers = try await talk(port, ["GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(header)\r\n\r\n"])
      #expect(headers.hasPrefix("HTTP/1.1 400"))
      let announced = try await talk(
        port, ["POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"])
      #expect(announced.hasPrefix("HTTP/1.1 413") && announced.contains("error_type"))
      let chunk = String(repeating: "x", count: 1 << 16)
      let chunked = try await talk(
        port,
        ["POST /embed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"]
          + [String](repeating: "10000\r\n\(chunk)\r\n", count: 20), enough: "error_type")
      #expect(chunked.hasPrefix("HTTP/1.1 413") || chunked.isEmpty)
    }
  }

  @Test("cuts off who takes too long to ask")
  func slow() async throws {
    try await serve(timeout: 1) { _, port in
      let text = try await talk(
        port, ["POST /embed HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"])
      #expect(text.hasPrefix("HTTP/1.1 408"))
    }
  }

  @Test("takes a client that closes its side as gone, and serves the others")
  func halfClosed() async throws {
    try await serve { client, port in
      _ = try await talk(port, [Self.request(#"{"inputs": "a"}"#)], halfCloses: true)
      _ = try await talk(port, ["POST /embed HTTP/1.1\r\nContent-Le"], halfCloses: true)
      let text = try await talk(port, [Self.request(#"{"inputs": "a"}"#)], enough: "]]")
      #expect(text.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test("answers over a Unix socket")
  func unixSocket() async throws {
    let folder = TemporaryFolder()
    let path = folder("socket")
    try await serve(at: .unix(path: path)) { _, address in
      #expect(address == "unix:\(path)")
      let text = try await talk(
        to: SocketAddress(unixDomainSocketPath: path), ["GET /info HTTP/1.1\r\nHost: x\r\n\r\n"],
        enough: "max_input_length")
      #expect(text.hasPrefix("HTTP/1.1 200"))
    }
  }
}
