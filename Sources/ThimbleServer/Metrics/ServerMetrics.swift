internal import CoreMetrics
internal import ThimbleSystem

/// What the server counts. Names begin with `thimble_`.
public struct ServerMetrics: Sendable {
  let registry: PrometheusRegistry
  private let passes: Counter
  private let tokens: Counter
  private let passTokens: Recorder
  private let passSequences: Recorder
  private let decoding: FloatingPointCounter
  private let computing: FloatingPointCounter
  /// Connections that are open.
  let connections: Meter

  /// As Formats/http.md has them.
  private static let help = [
    "thimble_requests_total": "Requests answered, by the name of the endpoint and the status.",
    "thimble_request_seconds": "Seconds from the last byte of a request to its answer.",
    "thimble_passes_total": "Passes of the model.",
    "thimble_tokens_total": "Tokens in all passes.",
    "thimble_pass_tokens": "Tokens of a pass.",
    "thimble_pass_sequences": "Sequences of a pass.",
    "thimble_decode_seconds_total": "Seconds that passes spent decoding weights.",
    "thimble_compute_seconds_total": "Seconds that passes spent on everything else.",
    "thimble_connections": "Open connections.",
    "thimble_reloads_total": "Reloads of the model's file, by their result.",
    "thimble_queue_tokens": "Tokens that wait.",
    "thimble_queue_requests": "Requests that wait.",
    "thimble_private_memory_bytes": "Private memory of the process.",
    "thimble_resident_memory_bytes": "Resident memory of the process, mapped files included.",
    "thimble_major_faults_total": "Page faults that had to read the disk.",
  ]

  public init() { self.init(registry: PrometheusRegistry(help: Self.help)) }

  init(registry: PrometheusRegistry) {
    self.registry = registry
    passes = Counter(label: "thimble_passes", dimensions: [], factory: registry)
    tokens = Counter(label: "thimble_tokens", dimensions: [], factory: registry)
    passTokens = Recorder(
      label: "thimble_pass_tokens", dimensions: [], aggregate: true, factory: registry)
    passSequences = Recorder(
      label: "thimble_pass_sequences", dimensions: [], aggregate: true, factory: registry)
    decoding = FloatingPointCounter(
      label: "thimble_decode_seconds", dimensions: [], factory: registry)
    computing = FloatingPointCounter(
      label: "thimble_compute_seconds", dimensions: [], factory: registry)
    connections = Meter(label: "thimble_connections", dimensions: [], factory: registry)
  }

  func recordPass(sequences: Int, tokens count: Int, _ times: PassTimes) {
    passes.increment()
    tokens.increment(by: count)
    passTokens.record(count)
    passSequences.record(sequences)
    decoding.increment(by: times.decoding)
    computing.increment(by: times.computing)
  }

  func recordReload(succeeded: Bool) {
    Counter(
      label: "thimble_reloads", dimensions: [("result", succeeded ? "success" : "failure")],
      factory: registry
    ).increment()
  }

  /// - Parameter route: the name of an endpoint: paths from outside are no labels, since there is no end of them.
  func recordRequest(route: String, status: Int, seconds: Double) {
    Counter(
      label: "thimble_requests", dimensions: [("route", route), ("status", "\(status)")],
      factory: registry
    ).increment()
    Timer(label: "thimble_request", dimensions: [("route", route)], factory: registry)
      .recordNanoseconds(Int64(seconds * 1e9))
  }

  /// All metrics as Prometheus reads them, with the state of the process and the queue as it is now.
  func text(queuedTokens: Int, queuedRequests: Int) -> String {
    func set(_ label: String, _ value: Int) {
      Meter(label: label, dimensions: [], factory: registry).set(value)
    }
    set("thimble_queue_tokens", queuedTokens)
    set("thimble_queue_requests", queuedRequests)
    if let memory = ProcessMemory.current() {
      set("thimble_private_memory_bytes", memory.privateBytes)
      set("thimble_resident_memory_bytes", memory.residentBytes)
    }
    registry.set("thimble_major_faults_total", counter: majorFaults())
    return registry.text
  }
}
