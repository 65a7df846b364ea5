package import HTTPTypes

/// What the server offers, by the names under which it is counted.
package enum Endpoint: String, CaseIterable {
  case page, health, info, metrics, openAPI = "openapi", models
  case fillMask = "fill-mask"
  case textClassification = "text-classification"
  case embed, similarity, score, tokenize, decode, predict
  case openAIEmbeddings = "v1-embeddings"
  /// Whatever the request's body fits among what the model can do.
  case natural

  package var method: HTTPRequest.Method {
    switch self {
    case .page, .health, .info, .metrics, .openAPI, .models: .get
    default: .post
    }
  }

  /// Whether it answers without a key.
  var isPublic: Bool { [.page, .health, .metrics].contains(self) }

  /// What is at `path`: at most one endpoint for each method.
  ///
  /// - Parameter name: under which the model is served; its part behind the last `/` will do too.
  package static func at(_ path: String, servedName name: String) -> [Endpoint] {
    switch path {
    case "/": return [.page, .natural]
    case "/health", "/ping": return [.health]
    case "/info": return [.info]
    case "/metrics": return [.metrics]
    case "/openapi.json", "/api-doc/openapi.json": return [.openAPI]
    case "/v1/models": return [.models]
    case "/fill-mask": return [.fillMask]
    case "/embed": return [.embed]
    case "/similarity": return [.similarity]
    case "/v1/embeddings": return [.openAIEmbeddings]
    case "/score": return [.score]
    case "/tokenize": return [.tokenize]
    case "/decode": return [.decode]
    case "/predict": return [.predict]
    default: break
    }
    let shortName = name.split(separator: "/").last.map(String.init) ?? name
    for name in [name, shortName] {
      switch path {
      case "/models/\(name)": return [.natural]
      case "/models/\(name)/pipeline/fill-mask", "/pipeline/fill-mask/\(name)":
        return [.fillMask]
      case "/models/\(name)/pipeline/text-classification", "/pipeline/text-classification/\(name)":
        return [.textClassification]
      case "/models/\(name)/pipeline/feature-extraction", "/pipeline/feature-extraction/\(name)":
        return [.embed]
      case "/models/\(name)/pipeline/sentence-similarity",
        "/pipeline/sentence-similarity/\(name)":
        return [.similarity]
      default: break
      }
    }
    return []
  }
}
