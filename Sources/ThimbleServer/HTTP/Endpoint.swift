package import HTTPTypes
internal import HummingbirdCore
internal import ThimbleJSON

/// Something that the server offers, declared beside what answers it (`Endpoints/`).
package struct Endpoint: Sendable {
  /// The name under which it is counted.
  package let name: String
  /// Where it is; "{model}" stands for the name of the model that is served.
  let paths: [String]
  /// Whether it answers without a key.
  let isPublic: Bool
  let answering: Answering

  enum Answering: Sendable {
    case get(@Sendable (HTTPInterface) -> Response)
    case post(@Sendable (HTTPInterface, JSONValue, Incoming) async throws -> Response)
    /// A POST that means another endpoint: whichever the body fits among what the model can do.
    case natural
  }

  /// All that there are.
  package static let all: [Endpoint] = [
    .page, .health, .info, .metrics, .openAPI, .models, .fillMask, .textClassification, .embed,
    .embedAll,
    .similarity, .score, .tokenize, .decode, .predict, .rerank, .tokenClassification,
    .questionAnswering, .openAIEmbeddings, .natural,
  ]

  private static let natural = Endpoint(
    name: "natural", paths: ["/", "/models/{model}"], isPublic: false, answering: .natural)

  static func get(
    _ name: String, _ paths: String..., isPublic: Bool = false,
    answer: @escaping @Sendable (HTTPInterface) -> Response
  ) -> Endpoint {
    Endpoint(name: name, paths: paths, isPublic: isPublic, answering: .get(answer))
  }

  static func post(
    _ name: String, _ paths: String...,
    answer: @escaping @Sendable (HTTPInterface, JSONValue, Incoming) async throws -> Response
  ) -> Endpoint {
    Endpoint(name: name, paths: paths, isPublic: false, answering: .post(answer))
  }

  /// A task of Hugging Face's hub, at the paths that its client asks for.
  static func pipeline(
    _ name: String, task: String? = nil, _ paths: String...,
    answer: @escaping @Sendable (HTTPInterface, JSONValue, Incoming) async throws -> Response
  ) -> Endpoint {
    let task = task ?? name
    return Endpoint(
      name: name,
      paths: paths + ["/models/{model}/pipeline/\(task)", "/pipeline/\(task)/{model}"],
      isPublic: false, answering: .post(answer))
  }

  package var method: HTTPRequest.Method { if case .get = answering { .get } else { .post } }

  /// What is at `path`: at most one endpoint for each method.
  ///
  /// - Parameter name: under which the model is served; its part behind the last `/` will do too.
  package static func at(_ path: String, servedName name: String) -> [Endpoint] {
    let shortName = name.split(separator: "/").last.map(String.init) ?? name
    return all.filter { endpoint in
      endpoint.paths.contains { isPath(path, $0, name) || isPath(path, $0, shortName) }
    }
  }

  private static func isPath(_ path: String, _ pattern: String, _ name: String) -> Bool {
    guard pattern.utf8.contains(UInt8(ascii: "{")) else { return path == pattern }
    let parts = pattern.split(separator: "{model}", omittingEmptySubsequences: false)
    return path == parts.joined(separator: name)
  }
}

extension Endpoint: Hashable {
  package static func == (a: Endpoint, b: Endpoint) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
