internal import CoreMetrics
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// What is known of an open connection outside of its event loop.
final class Connection: Sendable {
  private let state = Mutex<(isClosed: Bool, whenClosed: (@Sendable () -> Void)?)>((false, nil))

  /// Calls `body` when the client goes away, at once if it has. nil: nobody cares any more.
  func whenClosed(_ body: (@Sendable () -> Void)?) {
    let isClosed = state.withLock { state in
      if !state.isClosed { state.whenClosed = body }
      return state.isClosed
    }
    if isClosed { body?() }
  }

  func close() {
    let body = state.withLock { state in
      defer { state = (true, nil) }
      return state.whenClosed
    }
    body?()
  }
}

/// The open connections by their channels.
final class Connections: Sendable {
  private let connections = Mutex<[ObjectIdentifier: Connection]>([:])
  private let metrics: ServerMetrics

  init(_ metrics: ServerMetrics) { self.metrics = metrics }

  subscript(channel: any Channel) -> Connection? {
    connections.withLock { $0[ObjectIdentifier(channel)] }
  }

  fileprivate func set(_ connection: Connection?, for channel: any Channel) {
    let count = connections.withLock { connections in
      connections[ObjectIdentifier(channel)] = connection
      return connections.count
    }
    metrics.connections.set(count)
  }
}

/// The request did not arrive in time.
struct RequestTimeout: Error {}

/// Notices a client that goes away, that takes too long to send a request, or to take an answer.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let connections: Connections
  private let timeout: TimeAmount
  private let connection = Connection()
  private var reading: Scheduled<Void>?
  private var writing: Scheduled<Void>?
  /// Whether the answer under way does not tell its length, since it is still being computed.
  private var isOpenEnded = false
  /// Pieces of it that the client has not taken yet.
  private var untaken = 0

  init(_ connections: Connections, timeout: TimeAmount) {
    self.connections = connections
    self.timeout = timeout
  }

  func handlerAdded(context: ChannelHandlerContext) {
    connections.set(connection, for: context.channel)
  }

  func handlerRemoved(context: ChannelHandlerContext) { end(context) }

  func channelInactive(context: ChannelHandlerContext) {
    end(context)
    context.fireChannelInactive()
  }

  private func end(_ context: ChannelHandlerContext) {
    connections.set(nil, for: context.channel)
    reading?.cancel()
    writing?.cancel()
    connection.close()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed { connection.close() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      reading?.cancel()
      reading = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
        context.fireErrorCaught(RequestTimeout())
      }
    case .body: break
    case .end: reading?.cancel()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      isOpenEnded = head.headerFields[.contentLength] == nil
      untaken = 0
      startWriting(context)
      context.write(data, promise: promise)
    case .body where isOpenEnded:
      // Time to compute is not time to take: it runs only while a piece is on its way.
      untaken += 1
      startWriting(context)
      let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenSuccess {
        self.untaken -= 1
        if self.untaken == 0 { self.writing?.cancel() }
      }
      context.write(data, promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
      let timer = writing
      promise.futureResult.whenComplete { _ in timer?.cancel() }
      context.write(data, promise: promise)
    }
  }

  private func startWriting(_ context: ChannelHandlerContext) {
    writing?.cancel()
    writing = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
      context.close(promise: nil)
    }
  }
}
