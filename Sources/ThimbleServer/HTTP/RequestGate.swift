internal import NIOCore
internal import NIOHTTP1

/// Lets the bytes of one request at a time through to the parser, and reads nothing from the socket that it could not hand on.
///
/// A parser turns a few bytes into objects many times their size, and every request becomes an answer. So what a client
/// sends ahead waits as bytes: at most one read of them here, the others in the system's buffer, until the answer before
/// has been sent.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData

  private enum State: Equatable {
    /// Passing on a head, line by line: a request cannot end within a line of it.
    case head
    /// Passing on so many bytes of a body.
    case body(left: Int)
    /// Passing on a body in chunks, line by line: its end is the end of a line.
    case chunks
    /// A whole request has passed, and its answer has not been sent.
    case shut
    /// Nothing is wanted any more: all that comes is dropped.
    case draining
  }

  /// The most bytes that are kept. Only a client that closes its side makes the system hand over more than one read
  /// at once; such a client is gone.
  private static let limit = 64 << 10

  private unowned let watch: ConnectionWatch
  private var state = State.head
  private var held = ByteBuffer()
  /// Whether something behind waits for bytes.
  private var isAwaited = false
  private var isPassing = false
  /// Whether the client has closed its side, and whether that has been passed on.
  private var end = (isSeen: false, isPassed: false)
  private var context: ChannelHandlerContext?

  init(_ watch: ConnectionWatch) { self.watch = watch }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  // MARK: What the watch tells, while bytes are passed on and afterwards

  func headHasPassed(_ head: HTTPRequestHead) {
    guard state == .head else { return }
    if head.headers.contains(name: "transfer-encoding") {
      state = .chunks
    } else {
      state = .body(left: head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0)
    }
  }

  func requestHasPassed() { if state != .draining { state = .shut } }

  /// Lets the next request through.
  func open() {
    guard state == .shut else { return }
    state = .head
    passOn()
  }

  /// Drops what comes from now on: a connection closed with bytes unread would be reset, and the last answer with it.
  func drain() {
    state = .draining
    held = ByteBuffer()
    context?.read()
  }

  // MARK: Events

  func read(context: ChannelHandlerContext) {
    isAwaited = true
    passOn()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state != .draining else { return }
    var bytes = unwrapInboundIn(data)
    if held.readableBytes == 0 {
      held = bytes
    } else if held.readableBytes + bytes.readableBytes <= Self.limit {
      held.writeBuffer(&bytes)
    } else {
      held = ByteBuffer()
      if state == .shut || state == .head { state = .draining }
    }
    if isAwaited, !isPassing { passPiece() }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    if state == .draining { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event as? ChannelEvent == .inputClosed else {
      return context.fireUserInboundEventTriggered(event)
    }
    watch.clientHasLeft()
    end.isSeen = true
    passEnd()
  }

  // MARK: Passing on

  /// Passes on what is held for as long as it is wanted, then asks for more.
  private func passOn() {
    guard !isPassing, let context else { return }
    isPassing = true
    while isAwaited, passPiece() {
      context.fireChannelReadComplete()
      // From the very end, where somebody may have enough for now.
      context.channel.read()
    }
    isPassing = false
    passEnd()
    if isAwaited, held.readableBytes == 0, state != .shut { context.read() }
  }

  /// - Returns: whether there was something that may pass.
  @discardableResult
  private func passPiece() -> Bool {
    guard let context, let count = pieceSize, let piece = held.readSlice(length: count) else {
      return false
    }
    if case .body(let left) = state { state = .body(left: left - count) }
    isAwaited = false
    watch.requestGoesOn()
    context.fireChannelRead(wrapInboundOut(piece))
    return true
  }

  private var pieceSize: Int? {
    guard held.readableBytes > 0 else { return nil }
    switch state {
    case .head, .chunks:
      let view = held.readableBytesView
      return view.firstIndex(of: 0x0A).map { $0 - view.startIndex + 1 } ?? view.count
    case .body(let left): return left > 0 ? min(left, held.readableBytes) : nil
    case .shut, .draining: return nil
    }
  }

  private func passEnd() {
    guard end == (true, false), held.readableBytes == 0 || state == .draining, let context else {
      return
    }
    end.isPassed = true
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }
}
