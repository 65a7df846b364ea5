internal import HTTPTypes
internal import Thimble
internal import ThimbleJSON
internal import ThimbleModel

/// Why a request is not answered as it was meant: a status of Formats/http.md §13, and words for people.
struct APIError: Error {
  enum Kind: String {
    case validation = "Validation"
    case empty = "Empty"
    case tokenizer = "Tokenizer"
    case unauthorized = "Unauthorized"
    case notFound = "NotFound"
    case timeout = "Timeout"
    case backend = "Backend"
    case overloaded = "Overloaded"
    case unhealthy = "Unhealthy"
  }

  let status: HTTPResponse.Status
  let kind: Kind
  private(set) var message: String
  var headers: HTTPFields = [:]
  /// What the log should say of it, which is nothing for clients.
  var detail: String?

  /// The request is not JSON, or not of the documented shape.
  static func malformed(_ message: String) -> APIError {
    APIError(status: .badRequest, kind: .validation, message: message)
  }

  /// The request is understood, but what it asks for cannot be done.
  static func invalid(_ message: String, kind: Kind = .validation) -> APIError {
    APIError(status: .unprocessableContent, kind: kind, message: message)
  }

  /// The same error, said of `place` in the request.
  func at(_ place: String) -> APIError { with(message: "\(place): \(message)") }

  /// The same error, with more advice.
  func adding(_ advice: String) -> APIError { with(message: "\(message) \(advice)") }

  private func with(message: String) -> APIError {
    var error = self
    error.message = message
    return error
  }

  /// The model has no head that `does` what was asked for.
  static func lacksHead(_ does: String) -> APIError {
    APIError(
      status: .failedDependency, kind: .backend, message: "The model has no head \(does).")
  }

  static let tooManyBodies = APIError(
    status: .tooManyRequests, kind: .overloaded,
    message: "Too many large requests are arriving at once. Try again in 1 s.",
    headers: [.retryAfter: "1"])

  static let notFinite = APIError(
    status: .failedDependency, kind: .backend,
    message: "The model yields values that are not finite. Its weights are damaged.")

  /// The error for whatever was thrown while a request was worked on.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as ThimbleError: self.init(error)
    case let error as EngineError: self.init(error)
    case is CancellationError:
      // Nobody reads it: the client has gone.
      self.init(status: .serviceUnavailable, kind: .unhealthy, message: "The request was given up.")
    default:
      self.init(
        status: .internalServerError, kind: .backend,
        message: "The server failed at this request. Its log says more.",
        detail: "\(type(of: error))")
    }
  }

  private init(_ error: ThimbleError) {
    switch error {
    case .model(let error): self.init(error)
    case .noTokenizer:
      self.init(
        status: .failedDependency, kind: .backend,
        message: "The model has no vocabulary: it takes token ids, not texts.")
    case .notCausal:
      self.init(
        status: .failedDependency, kind: .backend,
        message: "The model is not causal: it sees what follows a token, and cannot foretell it.")
    case .text: self = .invalid(error.description, kind: .tokenizer)
    case .emptyText: self = .invalid(error.description, kind: .empty)
    case .tooLong(let tokens, let limit): self = .tooLong(tokens, limit)
    case .noMask, .noTokens, .noRoom, .maskCut, .paddingInside, .tokenID, .notIDs, .language,
      .target, .stride, .longQuestion, .label:
      self = .invalid(error.description)
    }
  }

  private init(_ error: EngineError) {
    switch error {
    case .full(let seconds):
      self.init(
        status: .tooManyRequests, kind: .overloaded, message: error.description,
        headers: [.retryAfter: "\(seconds)"])
    case .tooMuch, .tooLarge: self = .invalid(error.description)
    case .outdated, .ending:
      self.init(
        status: .serviceUnavailable, kind: .unhealthy, message: error.description,
        headers: [.retryAfter: "1"])
    case .model(let error): self.init(error)
    case .noRoom:
      self.init(status: .internalServerError, kind: .backend, message: error.description)
    }
  }

  /// What is wrong with the model's file, and where it is, is for whoever runs the server.
  private init(_ error: ModelError) {
    switch error {
    case .tooManyTokens(let found, let allowed): self = .tooLong(found, allowed)
    case .id: self = .invalid(error.description)
    case .notFinite:
      self = .notFinite
      detail = error.description
    default:
      self.init(
        status: .failedDependency, kind: .backend,
        message:
          "The model cannot be run: there is something wrong with its file. The server's log says what.",
        detail: error.description)
    }
  }

  private static func tooLong(_ tokens: Int, _ limit: Int) -> APIError {
    .invalid("The text has \(tokens) tokens; at most \(limit) fit. Split it.")
  }

  init(
    status: HTTPResponse.Status, kind: Kind, message: String, headers: HTTPFields = [:],
    detail: String? = nil
  ) {
    (self.status, self.kind, self.message) = (status, kind, message)
    (self.headers, self.detail) = (headers, detail)
  }

  /// The body: OpenAI's shape for its routes, that of Hugging Face and TEI for all others.
  func body(forOpenAI isOpenAI: Bool) -> JSONValue {
    guard isOpenAI else {
      return ["error": .string(message), "error_type": .string(kind.rawValue)]
    }
    let type =
      switch status.code {
      case 401: "authentication_error"
      case 429: "rate_limit_error"
      case 400..<500: "invalid_request_error"
      default: "server_error"
      }
    return [
      "error": ["message": .string(message), "type": .string(type), "param": nil, "code": nil]
    ]
  }
}

extension HTTPResponse.Status {
  static let failedDependency = HTTPResponse.Status(code: 424, reasonPhrase: "Failed Dependency")
}
