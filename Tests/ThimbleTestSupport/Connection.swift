internal import NIOCore
internal import NIOPosix

/// A connection to a server, byte by byte: for what no client would send.
public struct Connection {
  public enum Address: Sendable {
    /// At 127.0.0.1.
    case port(Int)
    case unix(String)

    fileprivate func socket() throws -> SocketAddress {
      switch self {
      case .port(let port): try SocketAddress(ipAddress: "127.0.0.1", port: port)
      case .unix(let path): try SocketAddress(unixDomainSocketPath: path)
      }
    }
  }

  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  /// What has come and was not returned by `read`.
  private var received = ""

  /// Connects for the time that `body` takes.
  public static func open<Result>(
    _ address: Address, _ body: (inout Connection) async throws -> Result
  ) async throws -> Result {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
      .connect(to: address.socket()) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var connection = Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
      return try await body(&connection)
    }
  }

  /// Whether a server takes connections.
  public static func isPossible(_ address: Address) async -> Bool {
    (try? await open(address) { _ in true }) ?? false
  }

  /// Sends `parts`, and reads until the server closes or `enough` has come.
  public static func talk(
    _ address: Address, _ parts: [String], halfCloses: Bool = false, enough: String? = nil
  ) async throws -> String {
    try await open(address) { connection in
      for part in parts { try await connection.send(part) }
      if halfCloses { connection.finish() }
      return try await connection.read(until: enough)
    }
  }

  public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  /// A server that has closed is no error: it may have answered before.
  public func send(_ bytes: [UInt8]) async throws {
    do { try await outbound.write(ByteBuffer(bytes: bytes)) } catch is IOError {
    } catch is ChannelError {}
  }

  /// Closes this side of the connection.
  public func finish() { outbound.finish() }

  /// All that comes until `enough` has, or until the server closes.
  public mutating func read(until enough: String? = nil) async throws -> String {
    defer { received = "" }
    do {
      while !(enough.map { received.contains($0) } ?? false), let buffer = try await inbound.next()
      {
        received += String(buffer: buffer)
      }
    } catch is IOError {}  // A reset is a way to close.
    return received
  }

  /// A request as text.
  public static func request(
    _ method: String = "POST", _ path: String, _ body: String = "", headers: [String] = []
  ) -> String {
    let lines = ["\(method) \(path) HTTP/1.1", "Host: x", "Content-Length: \(body.utf8.count)"]
    return (lines + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
  }
}
