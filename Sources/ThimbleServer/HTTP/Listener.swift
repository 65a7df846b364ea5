internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
public import ServiceLifecycle

/// Where the server waits for clients.
public enum ListenAddress: Sendable, Equatable {
  case host(String, port: Int)
  /// A Unix socket; a socket that an earlier server left at `path` is replaced.
  case unix(path: String)
  /// A listening socket that was inherited, as systemd hands it over.
  case descriptor(Int32)
}

/// Clients cannot be waited for at the address.
public struct ListenError: Error, CustomStringConvertible {
  let address: ListenAddress
  let reason: any Error

  public var description: String {
    let (place, remedy) =
      switch address {
      case .host(let host, let port): ("\(host), port \(port)", "Choose another --host or --port.")
      case .unix(let path): (path, "Choose another path for --unix.")
      case .descriptor: ("the inherited socket", "Look at the socket unit.")
      }
    return "Cannot listen at \(place): \(reason). \(remedy)"
  }
}

/// Limits of connections.
public struct ConnectionLimits: Sendable {
  public var maximumConnections = 128
  /// The most bytes that the bodies of all requests take together, beside the first 16 KiB of each. One that is as large
  /// as a body may be always fits.
  public var maximumBodies = 1 << 20
  /// Seconds that a request may take to arrive, and an answer to be taken.
  public var timeout = 20
  /// Seconds that a connection may be idle.
  public var idle = 60

  public init() {}
}

/// Accepts connections and lets an `HTTPInterface` answer what comes over them.
///
/// A graceful shutdown closes the listening socket and the idle connections, and ends when the others have their answers.
public struct Listener: Service {
  private let interface: HTTPInterface
  private let address: ListenAddress
  private let limits: ConnectionLimits
  private let whenListening: @Sendable (String) -> Void

  /// - Parameter whenListening: called once clients can connect, with the address for people.
  public init(
    _ interface: HTTPInterface, address: ListenAddress, limits: ConnectionLimits = .init(),
    whenListening: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.interface = interface
    self.address = address
    self.limits = limits
    self.whenListening = whenListening
  }

  public func run() async throws {
    let connections = Connections(interface.metrics)
    let group = MultiThreadedEventLoopGroup.singleton
    let bodies = BodyStore(capacity: max(limits.maximumBodies, interface.options.maximumBody))
    let http = makeHTTP(connections, bodies)
    let quiescing = ServerQuiescingHelper(group: group)
    let server: NIOAsyncChannel<HTTP1Channel.Value, Never>
    do { server = try await bind(http, group, quiescing) } catch {
      throw ListenError(address: address, reason: error)
    }
    whenListening(description(server.channel.localAddress))
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { tasks in
        do {
          try await server.executeThenClose { inbound in
            for try await client in inbound {
              tasks.addTask { await http.handle(value: client, logger: interface.logger) }
            }
          }
        } catch {
          interface.logger.error("listening failed", metadata: ["error": "\(error)"])
        }
      }
    } onGracefulShutdown: {
      quiescing.initiateShutdown(promise: nil)
    }
  }

  private func makeHTTP(_ connections: Connections, _ bodies: BodyStore) -> HTTP1Channel {
    let timeout = TimeAmount.seconds(Int64(limits.timeout))
    let configuration = HTTP1Channel.Configuration(
      additionalChannelHandlers: [ConnectionWatch(connections, timeout: timeout)],
      idleTimeout: .seconds(Int64(limits.idle)),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))
    return HTTP1Channel(
      responder: { request, writer, channel in
        var share = BodyStore.Share()
        let response = await respond(to: request, over: connections[channel], bodies, &share)
        do {
          // A large answer is made of the body while it is written.
          try await writer.write(response: response.head, body: response.body)
          bodies.release(share)
        } catch {
          bodies.release(share)
          throw error
        }
        if response.headers[.connection] == "close" { channel.close(mode: .input, promise: nil) }
      }, configuration: configuration)
  }

  private func respond(
    to request: Request, over connection: Connection?, _ bodies: BodyStore,
    _ share: inout BodyStore.Share
  ) async -> Response {
    func incoming(_ body: ByteBuffer) -> Incoming {
      Incoming(
        method: request.method, path: request.uri.path, headers: request.headers, body: body)
    }
    do {
      let whole = incoming(try await read(request, bodies, &share))
      let work = Task { await interface.respond(to: whole) }
      connection?.whenClosed { work.cancel() }
      defer { connection?.whenClosed(nil) }
      return await work.value
    } catch {
      return interface.refuse(incoming(ByteBuffer()), APIError(reading: error, interface.options))
    }
  }

  private func read(
    _ request: Request, _ bodies: BodyStore, _ share: inout BodyStore.Share
  ) async throws -> ByteBuffer {
    let limit = interface.options.maximumBody
    // What is announced as too large is not read at all.
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw NIOTooManyBytesError(maxBytes: limit)
    }
    var body = ByteBuffer()
    for try await part in request.body {
      let count = body.readableBytes + part.readableBytes
      guard count <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
      guard bodies.grow(&share, to: count) else { throw APIError.tooManyBodies }
      body.writeImmutableBuffer(part)
    }
    return body
  }

  private func bind(
    _ http: HTTP1Channel, _ group: any EventLoopGroup, _ quiescing: ServerQuiescingHelper
  ) async throws -> NIOAsyncChannel<HTTP1Channel.Value, Never> {
    let logger = interface.logger
    let maximum = limits.maximumConnections
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.backlog, value: 256)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
      // What a client sends ahead waits in a few of these.
      // What a client does not take waits in these, and in the system's.
      .childChannelOption(
        ChannelOptions.writeBufferWaterMark, value: .init(low: 8 << 10, high: 32 << 10)
      )
      .childChannelOption(ChannelOptions.socketOption(.so_sndbuf), value: 64 << 10)
      .childChannelOption(
        ChannelOptions.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8 << 10)
      )
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AvailableConnectionsChannelHandler(maxConnections: maximum))
          try channel.pipeline.syncOperations.addHandler(
            quiescing.makeServerChannelHandler(channel: channel))
        }
      }
    let setUp: @Sendable (any Channel) -> EventLoopFuture<HTTP1Channel.Value> = { channel in
      http.setup(channel: channel, logger: logger)
    }
    return switch address {
    case .host(let host, let port):
      try await bootstrap.bind(host: host, port: port, childChannelInitializer: setUp)
    case .unix(let path):
      try await bootstrap.bind(
        unixDomainSocketPath: path, cleanupExistingSocketFile: true, childChannelInitializer: setUp)
    case .descriptor(let descriptor):
      try await bootstrap.bind(descriptor, childChannelInitializer: setUp)
    }
  }

  private func description(_ bound: SocketAddress?) -> String {
    switch address {
    case .host(let host, let port):
      "http://\(host.contains(":") ? "[\(host)]" : host):\(bound?.port ?? port)"
    case .unix(let path): "unix:\(path)"
    case .descriptor: bound?.description ?? "an inherited socket"
    }
  }
}

extension APIError {
  /// Why a request could not be read. The connection cannot be used any more.
  fileprivate init(reading error: any Error, _ options: InterfaceOptions) {
    switch error {
    case let error as APIError: self = error
    case is NIOTooManyBytesError:
      self.init(
        status: .contentTooLarge, kind: .validation,
        message: "The body is larger than \(options.maximumBody) bytes.", closes: true)
    case is RequestTimeout:
      self.init(
        status: .requestTimeout, kind: .timeout, message: "The request took too long to arrive.",
        closes: true)
    default:
      self.init(
        status: .badRequest, kind: .validation, message: "The request broke off.", closes: true)
    }
  }
}
