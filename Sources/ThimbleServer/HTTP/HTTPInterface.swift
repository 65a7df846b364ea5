internal import HTTPTypes
package import HummingbirdCore
public import Logging
internal import NIOCore
public import Thimble
internal import ThimbleJSON
public import ThimbleModel
internal import ThimbleSystem

/// How requests are answered.
public struct InterfaceOptions: Sendable {
  /// The name of the model.
  public var name = "thimble"
  /// The program's version, for `/info`.
  public var version = ""
  /// nil: everybody may ask.
  public var key: APIKey?
  /// The pages of other origins that may ask.
  public var crossOrigin = CrossOriginRule()
  /// The most requests at a time, for `/info`: the most connections, since each has one under way.
  public var maximumRequests = ConnectionLimits().maximumConnections
  /// The most inputs of a request.
  public var maximumInputs = 32
  /// The most bytes of a body.
  public var maximumBody = 256 << 10
  /// How texts are put into the model, unless a request says otherwise.
  public var text = TextOptions()
  /// What vectors are made of, unless a request says otherwise.
  public var pooling = Pooling.mean
  /// What may go before the texts that vectors are made of.
  public var prompts = Prompts()
  /// Whether OpenAI's route takes token ids.
  public var takesTokenIDs = false

  public init() {}
}

/// Answers requests: finds the endpoint, checks the key, lets the engine compute.
public struct HTTPInterface: Sendable {
  let engine: Engine
  let options: InterfaceOptions
  let metrics: ServerMetrics
  let logger: Logger

  public init(engine: Engine, options: InterfaceOptions, metrics: ServerMetrics, logger: Logger) {
    self.engine = engine
    self.options = options
    self.metrics = metrics
    self.logger = logger
  }

  /// The answer to `request`. Whatever goes wrong is an answer too.
  package func respond(to request: Incoming) async -> Response {
    let endpoints = self.endpoints(request)
    let method = request.method == .head ? .get : request.method
    var endpoint = endpoints.first { $0.method == method }
    var response: Response
    do {
      if request.method == .options, !endpoints.isEmpty {
        response = Response(status: .noContent, headers: [.allow: Self.methods(endpoints)])
        finish(request, endpoints.first, &response)
        return response
      }
      guard let found = endpoint else { throw Self.notFound(endpoints) }
      guard admits(request, to: found) else { throw Self.unauthorized }
      switch found.answering {
      case .get(let answer): response = answer(self)
      case .post(let answer):
        response = try await answer(self, try json(request), request)
      case .natural:
        let body = try json(request)
        let wanted = engine.served.naturalEndpoint(for: body)
        endpoint = wanted
        guard case .post(let answer) = wanted.answering else { throw Self.notFound(endpoints) }
        response = try await answer(self, body, request)
      }
    } catch { response = self.response(to: request, APIError(error)) }
    finish(request, endpoint, &response)
    return response
  }

  /// The answer to a request that could not be read.
  func refuse(_ request: Incoming, _ error: APIError) -> Response {
    var response = self.response(to: request, error)
    finish(request, endpoints(request).first { $0.method == request.method }, &response)
    return response
  }

  /// Why a request is refused whose body has not been read; nil if it is not. Who has no key cannot fill the room for bodies.
  func refusal(of request: Incoming) -> APIError? {
    let endpoint = endpoints(request).first { $0.method == request.method }
    return endpoint.map { admits(request, to: $0) } ?? true ? nil : Self.unauthorized
  }

  private func admits(_ request: Incoming, to endpoint: Endpoint) -> Bool {
    endpoint.isPublic || options.key?.admits(request.headers[.authorization]) ?? true
  }

  private func response(to request: Incoming, _ error: APIError) -> Response {
    if let detail = error.detail {
      logger.error("request failed", metadata: ["error": "\(detail)"])
    }
    return Response(error, forOpenAI: request.path.hasPrefix("/v1/"))
  }

  private func endpoints(_ request: Incoming) -> [Endpoint] {
    Endpoint.at(request.path, servedName: options.name)
  }

  private func finish(_ request: Incoming, _ endpoint: Endpoint?, _ response: inout Response) {
    if request.method == .head { response = response.createHeadResponse() }
    options.crossOrigin.allow(request, in: &response.headers)
    let seconds = monotonicSeconds() - request.start
    let route = endpoint?.name ?? "none"
    metrics.recordRequest(route: route, status: response.status.code, seconds: seconds)
    logger.debug(
      "request",
      metadata: [
        "route": "\(route)", "status": "\(response.status.code)",
        "ms": "\(Int(seconds * 1000))", "bytes": "\(request.body.readableBytes)",
      ])
  }

  private func json(_ request: Incoming) throws -> JSONValue {
    // Ids for every input, and the members around them: values take ten times the bytes of the text.
    let most = options.maximumInputs * (engine.served.text.longestText + 2) + 2048
    return try request.json(maximumValueCount: most)
  }

  private static func notFound(_ endpoints: [Endpoint]) -> APIError {
    guard !endpoints.isEmpty else {
      return APIError(
        status: .notFound, kind: .notFound,
        message: "There is nothing here. GET /openapi.json says what there is.")
    }
    return APIError(
      status: .methodNotAllowed, kind: .notFound, message: "This takes \(methods(endpoints)).",
      headers: [.allow: methods(endpoints)])
  }

  private static func methods(_ endpoints: [Endpoint]) -> String {
    let methods = endpoints.flatMap { $0.method == .get ? ["GET", "HEAD"] : ["POST"] }
    return (methods + ["OPTIONS"]).joined(separator: ", ")
  }

  private static let unauthorized = APIError(
    status: .unauthorized, kind: .unauthorized,
    message: "The header \"Authorization: Bearer KEY\" is missing or has the wrong key.",
    headers: [.wwwAuthenticate: "Bearer"])
}
