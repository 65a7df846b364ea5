internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
public import ServiceLifecycle

/// Limits of connections.
public struct ConnectionLimits: Sendable {
  /// The most bytes of a request's head, and the most lines.
  static let headSize = 16 << 10
  static let headFields = 100
  public var maximumConnections = 128
  /// The most bytes that the bodies of all requests take together, beside the first 16 KiB of each. One that is as large
  /// as a body may be always fits.
  public var maximumBodies = 1 << 20
  /// Seconds that a request may take to arrive, from its first byte to its last, and an answer to be taken.
  public var timeout = 20
  /// Seconds that a connection may be idle between two requests.
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

  /// - Throws: `ListenError`.
  public func run() async throws {
    let quiescing = ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton)
    let server = try await bind(quiescing)
    whenListening(address.description(bound: server.channel.localAddress))
    let count = ConnectionCount(interface.metrics)
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { tasks in
        do {
          try await server.executeThenClose { inbound in
            for try await client in inbound {
              tasks.addTask {
                count.change(by: 1)
                await client.serve()
                count.change(by: -1)
              }
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

  private func bind(_ quiescing: ServerQuiescingHelper) async throws -> NIOAsyncChannel<
    Client, Never
  > {
    let (interface, limits) = (interface, limits)
    let bodies = BodyStore(capacity: max(limits.maximumBodies, interface.options.maximumBody))
    let setUp: @Sendable (any Channel) -> EventLoopFuture<Client> = { channel in
      channel.eventLoop.makeCompletedFuture {
        try Client(channel, limits, interface, bodies)
      }
    }
    let bootstrap = bootstrap(quiescing)
    do {
      switch address {
      case .host(let host, let port):
        return try await bootstrap.bind(host: host, port: port, childChannelInitializer: setUp)
      case .unix(let path):
        try address.removeStaleSocket(at: path)
        return try await bootstrap.bind(unixDomainSocketPath: path, childChannelInitializer: setUp)
      case .descriptor(let descriptor):
        return try await bootstrap.bind(descriptor, childChannelInitializer: setUp)
      }
    } catch { throw ListenError(address, error) }
  }

  private func bootstrap(_ quiescing: ServerQuiescingHelper) -> ServerBootstrap {
    let maximum = limits.maximumConnections
    return ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(ChannelOptions.backlog, value: 256)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(ChannelOptions.maxMessagesPerRead, value: 1)
      .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
      // What a client sends ahead waits in the system's buffer, and one of these. The system's counts in the memory of
      // a control group too, and doubles what it is asked for.
      .childChannelOption(ChannelOptions.socketOption(.so_rcvbuf), value: 32 << 10)
      .childChannelOption(ChannelOptions.maxMessagesPerRead, value: 1)
      .childChannelOption(
        ChannelOptions.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8 << 10)
      )
      // What a client does not take waits in these, and in the system's.
      .childChannelOption(
        ChannelOptions.writeBufferWaterMark, value: .init(low: 8 << 10, high: 32 << 10)
      )
      .childChannelOption(ChannelOptions.socketOption(.so_sndbuf), value: 32 << 10)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptPause())
          try channel.pipeline.syncOperations.addHandler(
            AvailableConnectionsChannelHandler(maxConnections: maximum))
          try channel.pipeline.syncOperations.addHandler(
            quiescing.makeServerChannelHandler(channel: channel))
        }
      }
  }
}
