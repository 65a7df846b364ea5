internal import NIOCore

/// Stops taking connections for a moment when the system has no descriptor, or no memory, for one more.
///
/// NIO delays the next attempt only: the one that failed stays due, and would be made again at once, in a loop that takes a
/// processor until a connection ends.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = Channel

  private static let length = TimeAmount.milliseconds(200)

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is IOError {
      let channel = context.channel
      try? channel.syncOptions?.setOption(.autoRead, value: false)
      context.eventLoop.scheduleTask(in: Self.length) {
        // A channel that was closed meanwhile does not want it.
        try? channel.syncOptions?.setOption(.autoRead, value: true)
      }
    }
    context.fireErrorCaught(error)
  }
}
