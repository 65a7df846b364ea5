package import HTTPTypes
internal import HummingbirdCore
package import NIOCore
internal import ThimbleJSON
internal import ThimbleSystem

/// A request whose body has been read.
package struct Incoming: Sendable {
  let method: HTTPRequest.Method
  let path: String
  let headers: HTTPFields
  private(set) var body: ByteBuffer
  let start = monotonicSeconds()

  package init(
    method: HTTPRequest.Method, path: String, headers: HTTPFields = [:], body: ByteBuffer
  ) {
    (self.method, self.path, self.headers, self.body) = (method, path, headers, body)
  }

  /// The same request with its body.
  func with(_ body: ByteBuffer) -> Incoming {
    var whole = self
    whole.body = body
    return whole
  }

  /// The body as JSON.
  func json(maximumValueCount: Int) throws(APIError) -> JSONValue {
    do {
      let bytes = Array(body.readableBytesView)
      return try JSONValue(parsing: bytes.span, maximumValueCount: maximumValueCount)
    } catch { throw .malformed(error.description) }
  }
}

extension Response {
  /// An answer of JSON text.
  init(json: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
    self.init(text: json, type: "application/json", status: status, headers: headers)
  }

  init(
    text: String, type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) {
    self.init(bytes: ByteBuffer(string: text), type: type, status: status, headers: headers)
  }

  init(
    bytes: ByteBuffer, type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) {
    var headers = headers
    headers[.contentType] = type
    self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: bytes))
  }

  init(_ error: APIError, forOpenAI: Bool) {
    self.init(
      json: error.body(forOpenAI: forOpenAI).text(), status: error.status, headers: error.headers)
  }
}
