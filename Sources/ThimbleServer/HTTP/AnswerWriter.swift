internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import ThimbleJSON

/// Takes the JSON text of an answer in pieces: at first only counts them, and later sends them to the client, no faster than
/// it takes them.
struct AnswerWriter {
  /// The bytes that are sent at once.
  static let pieceSize = 16 << 10
  /// All bytes so far.
  private(set) var count = 0
  /// What has not been sent; while counting, the beginning of the answer.
  fileprivate var piece = ByteBuffer()
  /// nil: they are counted.
  private var client: (any ResponseBodyWriter)?

  fileprivate init(to client: (any ResponseBodyWriter)? = nil) { self.client = client }

  mutating func write(_ text: String) async throws {
    count += text.utf8.count
    guard client != nil || count <= Self.pieceSize else { return }
    piece.writeString(text)
    if piece.readableBytes >= Self.pieceSize { try await send() }
  }

  mutating func write(_ value: JSONValue) async throws { try await write(value.text()) }

  /// Writes a list of `elements`, each as `writeElement` does.
  mutating func write<List: Sequence>(
    listOf elements: List,
    _ writeElement: (inout AnswerWriter, List.Element) async throws -> Void
  ) async throws {
    var separator = "["
    for element in elements {
      try await write(separator)
      try await writeElement(&self, element)
      separator = ","
    }
    try await write(separator == "[" ? "[]" : "]")
  }

  private mutating func send() async throws {
    try await client?.write(piece)
    if client != nil { piece.clear() }
  }

  fileprivate mutating func finish() async throws {
    try await send()
    try await client?.finish(nil)
  }
}

extension Response {
  /// An answer of JSON text. A large one is never held as a whole: `write` makes it twice, to learn its length and to send it.
  ///
  /// - Parameter write: writes the same text each time. What it throws the first time is thrown here.
  static func answer(
    _ headers: HTTPFields = [:],
    _ write: @escaping @Sendable (inout AnswerWriter) async throws -> Void
  ) async throws -> Response {
    var draft = AnswerWriter()
    try await write(&draft)
    if draft.count <= AnswerWriter.pieceSize {
      return Response(bytes: draft.piece, type: "application/json", headers: headers)
    }
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody(contentLength: draft.count) { client in
        var writer = AnswerWriter(to: client)
        try await write(&writer)
        try await writer.finish()
      })
  }

  /// An answer of JSON text whose length nobody knows before it ends. If `write` throws, it breaks off, and the connection
  /// is closed.
  static func stream(
    _ headers: HTTPFields, _ write: @escaping @Sendable (inout AnswerWriter) async throws -> Void
  ) -> Response {
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { client in
        var writer = AnswerWriter(to: client)
        try await write(&writer)
        try await writer.finish()
      })
  }
}
