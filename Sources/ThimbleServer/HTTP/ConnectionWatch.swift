internal import NIOCore
internal import NIOHTTP1

/// The request did not arrive in time.
struct RequestTimeout: Error {}

/// Keeps the rules of a connection: who has how much time, when it may be used again, and how it is closed.
///
/// Stands behind the parser, in front of which a `RequestGate` does what it is told here.
final class ConnectionWatch: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Phase { case idle, receiving, answering, lingering }

  /// How long a client may take to close its side after the last answer, which a reset would destroy.
  private static let lingering = TimeAmount.seconds(2)

  private let connection: Connection
  private let timeout: TimeAmount
  private let idle: TimeAmount
  private lazy var gateStorage = RequestGate(self)
  /// To be put in front of the parser.
  var gate: RequestGate { gateStorage }

  private var phase = Phase.idle
  /// Whether the request under way leaves the connection usable.
  private var keepsAlive = true
  private var version = HTTPVersion.http1_1
  private var isEnding = false
  /// Whether the answer under way does not tell its length, since it is still being computed.
  private var isOpenEnded = false
  /// Pieces of it that the client has not taken yet.
  private var untaken = 0
  private var timer: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(_ connection: Connection, _ limits: ConnectionLimits) {
    self.connection = connection
    timeout = .seconds(Int64(limits.timeout))
    idle = .seconds(Int64(limits.idle))
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // Who connects has something to ask.
    after(timeout) { $0.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func end() {
    timer?.cancel()
    context = nil
    connection.close()
  }

  /// Lets only this happen if nothing else does in time.
  private func after(_ time: TimeAmount, _ action: @escaping (ChannelHandlerContext) -> Void) {
    timer?.cancel()
    guard let context else { return }
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { action(context) }
  }

  // MARK: What the gate tells

  /// Bytes of a request pass.
  func requestGoesOn() {
    guard phase == .idle else { return }
    phase = .receiving
    after(timeout) { context in
      self.giveUp()
      context.fireErrorCaught(RequestTimeout())
    }
  }

  func clientHasLeft() { connection.close() }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      version = head.version
      // Behind a request to speak another protocol the parser is deaf.
      keepsAlive =
        head.isKeepAlive && !head.headers.contains(name: "upgrade") && head.method != .CONNECT
      gate.headHasPassed(head)
    case .body: break
    case .end:
      phase = .answering
      timer?.cancel()
      gate.requestHasPassed()
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    giveUp()
    context.fireErrorCaught(error)
  }

  /// Reads no more: there is one answer left to send, which says what was wrong.
  private func giveUp() {
    guard phase != .lingering else { return }
    keepsAlive = false
    phase = .answering
    after(timeout) { $0.close(promise: nil) }
    gate.drain()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      if phase == .idle || phase == .lingering { return context.close(promise: nil) }
      keepsAlive = false
    } else if event is ChannelShouldQuiesceEvent {
      if phase == .idle { return context.close(promise: nil) }
      isEnding = true
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head) where !head.isInformational:
      after(timeout) { $0.close(promise: nil) }
      // What has not been read of the request cannot be told from the next.
      if phase == .receiving || isEnding || !head.isKeepAlive { keepsAlive = false }
      isOpenEnded = !head.headers.contains(name: "content-length")
      untaken = 0
      // HTTP/1.0 has no chunks: the end of the connection is that of the answer.
      if isOpenEnded, version == .http1_0 { keepsAlive = false }
      if !keepsAlive {
        head.headers.replaceOrAdd(name: "Connection", value: "close")
      } else if version == .http1_0 {
        head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
      }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body where isOpenEnded:
      // Time to compute is not time to take: it runs only while a piece is on its way.
      untaken += 1
      after(timeout) { $0.close(promise: nil) }
      let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenSuccess { self.pieceIsSent() }
      context.write(data, promise: promise)
    case .end:
      let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenSuccess { self.answerIsSent() }
      context.write(data, promise: promise)
    default: context.write(data, promise: promise)
    }
  }

  private func pieceIsSent() {
    untaken -= 1
    if untaken == 0, phase == .answering { timer?.cancel() }
  }

  private func answerIsSent() {
    guard let context else { return }
    guard keepsAlive, !isEnding else { return linger(context) }
    phase = .idle
    after(idle) { $0.close(promise: nil) }
    gate.open()
  }

  private func linger(_ context: ChannelHandlerContext) {
    phase = .lingering
    after(Self.lingering) { $0.close(promise: nil) }
    gate.drain()
    context.close(mode: .output, promise: nil)
  }
}

extension HTTPResponseHead {
  /// Whether another head follows, that of the answer.
  fileprivate var isInformational: Bool { 100..<200 ~= status.code }
}
