internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

extension Endpoint {
  static let page = get("page", "/", isPublic: true) { $0.page() }
  static let health = get("health", "/health", "/ping", isPublic: true) { $0.health() }
  static let info = get("info", "/info") { $0.info() }
  static let metrics = get("metrics", "/metrics", isPublic: true) { $0.metricsText() }
  static let openAPI = get("openapi", "/openapi.json", "/api-doc/openapi.json") { $0.openAPI() }
  static let models = get("models", "/v1/models") { $0.models() }
}

extension HTTPInterface {
  /// Whether the model works: 200, or 503.
  func health() -> Response {
    engine.isHealthy
      ? Response(json: "{\"status\":\"ok\"}")
      : Response(
        APIError(
          status: .serviceUnavailable, kind: .unhealthy,
          message:
            "No pass has succeeded yet, the last one failed, or the server is shutting down.",
          headers: [.retryAfter: "1"]), forOpenAI: false)
  }

  /// TEI's `/info`, with the shape of the model and its memory beside it.
  func info() -> Response {
    let served = engine.served
    let configuration = served.text.configuration
    var object: JSONObject = [
      "model_id": .string(options.name), "served_model_name": .string(options.name),
      "model_sha": nil, "model_dtype": "int8", "model_type": type(served),
      "max_concurrent_requests": JSONValue(options.maximumRequests),
      "max_input_length": JSONValue(served.text.longestText),
      "max_batch_tokens": JSONValue(served.passCapacity), "max_batch_requests": nil,
      "max_client_batch_size": JSONValue(options.maximumInputs),
      "auto_truncate": .bool(options.text.truncates),
      "tokenization_workers": 1, "version": .string(options.version),
    ]
    object.set("max_queue_tokens", to: JSONValue(engine.queueCapacity))
    object.set("layers", to: JSONValue(configuration.layerCount))
    object.set("width", to: JSONValue(configuration.embeddingSize))
    object.set("vocabulary", to: JSONValue(configuration.vocabularySize))
    object.set("tasks", to: .array(served.tasks.map { .string($0.name) }))
    let labels = served.classes != nil || served.tagsTokens ? configuration.labels : []
    object.set("labels", to: .array(labels.map { .string($0) }))
    object.set("pooling", to: .string(options.pooling.rawValue))
    object.set("prompts", to: .object(prompts))
    object.set("default_prompt", to: options.prompts.standard.map { .string($0) } ?? nil)
    object.set("default_prompt_name", to: options.prompts.standardName.map { .string($0) } ?? nil)
    object.set("languages", to: .array(served.text.languageCodes.map { .string($0) }))
    object.set("language", to: options.text.language.map { .string($0) } ?? nil)
    object.set("language_embeddings", to: .bool(configuration.hasLanguageEmbeddings))
    let warnings = (try? Notes(options.text, served.text).warnings) ?? []
    object.set("warnings", to: .array(warnings.map { .string($0) }))
    if let plan = served.plan {
      object.set("memory_budget_bytes", to: JSONValue(plan.budget))
      object.set("pinned_bytes", to: JSONValue(plan.pinned))
      object.set("decoded_bytes", to: JSONValue(plan.decoded))
    }
    if let memory = ProcessMemory.current() {
      object.set("private_memory_bytes", to: JSONValue(memory.privateBytes))
      object.set("resident_memory_bytes", to: JSONValue(memory.residentBytes))
    }
    return Response(json: JSONValue.object(object).text())
  }

  private var prompts: JSONObject {
    var object = JSONObject()
    for (name, text) in options.prompts.named { object.set(name, to: .string(text)) }
    return object
  }

  /// TEI's name of what the model is.
  private func type(_ served: ServedModel) -> JSONValue {
    guard let labels = served.classes?.labels else {
      return ["embedding": ["pooling": .string(options.pooling.rawValue)]]
    }
    var (names, ids) = (JSONObject(), JSONObject())
    for (id, label) in labels.enumerated() {
      names.set("\(id)", to: .string(label))
      ids.set(label, to: JSONValue(id))
    }
    let kind = labels.count == 1 ? "reranker" : "classifier"
    return .object([kind: ["id2label": .object(names), "label2id": .object(ids)]])
  }

  /// OpenAI's list of models.
  func models() -> Response {
    let model: JSONValue = [
      "id": .string(options.name), "object": "model", "created": 0, "owned_by": "thimble",
    ]
    return Response(json: JSONValue.object(["object": "list", "data": [model]]).text())
  }

  /// All metrics for Prometheus.
  func metricsText() -> Response {
    let queued = engine.queued
    return Response(
      text: metrics.text(queuedTokens: queued.tokens, queuedRequests: queued.jobs),
      type: "text/plain; version=0.0.4")
  }

  /// Formats/http.md for programs.
  func openAPI() -> Response {
    Response(
      bytes: ByteBuffer(bytes: PackageResources.openapi_json), type: "application/json")
  }

  /// A page for people. It brings all that it needs, and talks to nobody else.
  func page() -> Response {
    let policy =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Response(
      bytes: ByteBuffer(bytes: PackageResources.page_html), type: "text/html; charset=utf-8",
      headers: [.contentSecurityPolicy: policy, .cacheControl: "no-cache"])
  }
}
