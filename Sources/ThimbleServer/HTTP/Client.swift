internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// A client that is connected: its requests are read and answered one after the other.
struct Client: Sendable {
  typealias AsyncChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
  typealias Requests = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  typealias Answers = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

  private let channel: AsyncChannel
  private let connection: Connection
  private let interface: HTTPInterface
  private let bodies: BodyStore

  /// Puts the handlers of HTTP into the pipeline of `channel`. On its event loop.
  init(
    _ channel: any Channel, _ limits: ConnectionLimits, _ interface: HTTPInterface,
    _ bodies: BodyStore
  ) throws {
    connection = Connection()
    (self.interface, self.bodies) = (interface, bodies)
    let pipeline = channel.pipeline.syncOperations
    let watch = ConnectionWatch(connection, limits)
    var decoding = NIOHTTPDecoderLimitConfiguration()
    decoding.maxHeaderFieldSize = ConnectionLimits.headSize
    decoding.maxHeaderListSize = ConnectionLimits.headSize
    decoding.maxHeaderFieldCount = ConnectionLimits.headFields
    try pipeline.addHandler(watch.gate)
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: false, withErrorHandling: false,
      withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: decoding)
    try pipeline.addHandler(watch)
    self.channel = try AsyncChannel(wrappingChannelSynchronously: channel)
  }

  /// Answers for as long as the client stays. Whatever is wrong with a request is an answer too, the last one.
  func serve() async {
    let channel = channel.channel
    do {
      try await withTaskCancellationHandler {
        try await self.channel.executeThenClose { inbound, outbound in
          var requests = inbound.makeAsyncIterator()
          try await answer(&requests, outbound)
          // Closed when the last answer has been sent, and the client has closed or had the time to.
          try await channel.closeFuture.get()
        }
      } onCancel: {
        channel.close(promise: nil)
      }
    } catch {
      // The client has gone: there is nobody to tell.
      interface.logger.trace("connection lost", metadata: ["error": "\(error)"])
    }
  }

  private func answer(_ requests: inout Requests, _ answers: Answers) async throws {
    do {
      while case .head(let head)? = try await requests.next() {
        guard try await answer(head, &requests, answers) else { return }
      }
    } catch  where APIError.isOfRequest(error) {
      let response = interface.refuse(
        Incoming(method: .get, path: "", body: ByteBuffer()), APIError(reading: error))
      try await send(response, over: answers)
    }
  }

  /// - Returns: whether the request was read to its end.
  private func answer(
    _ head: HTTPRequestHead, _ requests: inout Requests, _ answers: Answers
  ) async throws -> Bool {
    var share = BodyStore.Share()
    var response: Response
    var isWhole = false
    do {
      let request = try Incoming(head)
      do {
        let body = try await read(head, request, &requests, answers, &share)
        isWhole = true
        response = await respond(to: request.with(body))
      } catch { response = interface.refuse(request, APIError(reading: error)) }
    } catch {
      response = interface.refuse(Incoming(method: .get, path: "", body: ByteBuffer()), error)
    }
    if !isWhole { response.headers[.connection] = "close" }
    do {
      // A large answer is made of the body while it is written.
      try await send(response, over: answers)
      bodies.release(share)
    } catch {
      bodies.release(share)
      throw error
    }
    return isWhole
  }

  private func respond(to request: Incoming) async -> Response {
    let work = Task { await interface.respond(to: request) }
    connection.whenClosed { work.cancel() }
    defer { connection.whenClosed(nil) }
    return await work.value
  }

  private func read(
    _ head: HTTPRequestHead, _ request: Incoming, _ requests: inout Requests, _ answers: Answers,
    _ share: inout BodyStore.Share
  ) async throws -> ByteBuffer {
    let limit = interface.options.maximumBody
    // What will be refused is not read at all.
    let length = head.headers.first(name: "content-length").flatMap { Int($0) }
    if let length, length > limit { throw APIError.tooLarge(limit) }
    let hasBody = length ?? 0 > 0 || head.headers.contains(name: "transfer-encoding")
    if hasBody, let refusal = interface.refusal(of: request) { throw refusal }
    if let expectation = request.headers[.expect], head.version != .http1_0 {
      guard expectation.lowercased() == "100-continue" else { throw APIError.expectation }
      if hasBody {
        try await answers.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
      }
    }
    var body = ByteBuffer()
    while let part = try await requests.next() {
      switch part {
      case .head: throw APIError.brokenOff
      case .body(let bytes):
        let count = body.readableBytes + bytes.readableBytes
        guard count <= limit else { throw APIError.tooLarge(limit) }
        guard bodies.grow(&share, to: count) else { throw APIError.tooManyBodies }
        body.writeImmutableBuffer(bytes)
      case .end: return body
      }
    }
    throw APIError.brokenOff
  }

  private func send(_ response: Response, over answers: Answers) async throws {
    let head = HTTPServerResponsePart.head(HTTPResponseHead(response.head))
    try await response.body.write(BodyWriter(answers: answers, waiting: [head]))
  }
}

/// Writes a body behind its head. What is small goes out at once, head and end included.
private struct BodyWriter: ResponseBodyWriter {
  let answers: Client.Answers
  /// What has not been written yet.
  var waiting: [HTTPServerResponsePart]

  mutating func write(_ buffer: ByteBuffer) async throws {
    if waiting.count > 1 {
      try await answers.write(contentsOf: waiting)
      waiting.removeAll(keepingCapacity: true)
      waiting.append(.body(.byteBuffer(buffer)))
    } else {
      waiting.append(.body(.byteBuffer(buffer)))
    }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
    try await answers.write(contentsOf: waiting + [.end(nil)])
  }
}

extension Incoming {
  fileprivate init(_ head: HTTPRequestHead) throws(APIError) {
    guard let method = try? HTTPRequest.Method(head.method) else { throw .malformed("") }
    self.init(
      method: method, path: Self.path(of: head.uri),
      headers: HTTPFields(head.headers, splitCookie: false), body: ByteBuffer())
  }

  /// The path of what a request is for: `/path?query`, or with `http://host` before it, as proxies are asked.
  package static func path(of target: String) -> String {
    var path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    if path.first != UInt8(ascii: "/"), let slash = path.firstIndex(of: UInt8(ascii: "/")),
      path[slash...].starts(with: "//".utf8)
    {
      let host = path[slash...].dropFirst(2)
      path = host[(host.firstIndex(of: UInt8(ascii: "/")) ?? host.endIndex)...]
    }
    return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
  }
}

extension APIError {
  /// Whether it is the request that is to blame, and not the connection that was lost.
  fileprivate static func isOfRequest(_ error: any Error) -> Bool {
    error is HTTPParserError || error is RequestTimeout
  }

  /// Why a request could not be read. The connection cannot be used any more.
  fileprivate init(reading error: any Error) {
    switch error {
    case let error as APIError: self = error
    case is RequestTimeout:
      self.init(
        status: .requestTimeout, kind: .timeout, message: "The request took too long to arrive.")
    case HTTPParserError.headerOverflow:
      self.init(
        status: .requestHeaderFieldsTooLarge, kind: .validation,
        message:
          "The request line and the headers have more than \(ConnectionLimits.headSize) bytes or \(ConnectionLimits.headFields) lines."
      )
    case HTTPParserError.invalidEOFState: self = .brokenOff
    case HTTPParserError.invalidVersion:
      self.init(
        status: .httpVersionNotSupported, kind: .validation,
        message: "This server speaks only HTTP/1.")
    case is HTTPParserError:
      self = .malformed(
        "This is not valid HTTP/1.1. The server does not speak TLS: is the URL https?")
    default: self = .brokenOff
    }
  }

  fileprivate static let brokenOff = malformed("The request broke off.")

  fileprivate static let expectation = APIError(
    status: .expectationFailed, kind: .validation,
    message: "\"Expect\" may only be 100-continue.")

  fileprivate static func tooLarge(_ limit: Int) -> APIError {
    APIError(
      status: .contentTooLarge, kind: .validation,
      message: "The body is larger than \(limit) bytes.")
  }
}
