import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Synchronization
import Thimble
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport

let smallCheckpoint = repository("Tests/ThimbleModelTests/Fixtures/xlm-small")

/// The small model, converted to a file of its own.
struct SmallModel {
  let folder = TemporaryFolder()
  var path: String { folder("small.thimble") }

  init(bits: Double = 6.1) throws { try convert(bits: bits) }

  /// One that nobody changes, so that most tests need not convert.
  static let shared = Result { try SmallModel() }

  /// Puts the model in its place, with so many bits per weight.
  func convert(bits: Double) throws {
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(smallCheckpoint)), rate: .bits(bits), threadCount: 2,
      kernels: .best
    ).convert(to: path)
  }

  func languageModel(activations: ActivationPrecision = .int8) throws -> LanguageModel {
    var run = RunOptions(threads: 1)
    run.activations = activations
    return try LanguageModel(path: path, options: run)
  }

}

/// Asks an interface without a network between.
struct Client {
  let interface: HTTPInterface
  let engine: Engine

  init(
    _ model: SmallModel, key: String? = nil, crossOrigin: CrossOriginRule = .init(),
    queueCapacity: Int = 1 << 15
  ) throws {
    try self.init(
      path: model.path, key: key, crossOrigin: crossOrigin, queueCapacity: queueCapacity)
  }

  init(
    path: String, key: String? = nil, crossOrigin: CrossOriginRule = .init(),
    queueCapacity: Int = 1 << 15, text: TextOptions = .init(),
    activations: ActivationPrecision = .int8, roomForReadings: Int = 2 << 20,
    memory: MemoryBudget = .automatic, base: Int? = nil,
    set: (inout InterfaceOptions) -> Void = { _ in }
  ) throws {
    let metrics = ServerMetrics()
    var run = RunOptions(memory: memory, threads: 2, maximumTokens: 128)
    run.base = base
    run.activations = activations
    engine = try Engine(
      path: path, options: run, queueCapacity: queueCapacity,
      maximumInputs: InterfaceOptions().maximumInputs, roomForReadings: roomForReadings,
      metrics: metrics)
    var options = InterfaceOptions()
    options.name = "org/small"
    options.key = try key.map { try APIKey($0) }
    options.crossOrigin = crossOrigin
    options.text = text
    set(&options)
    interface = HTTPInterface(
      engine: engine, options: options, metrics: metrics, logger: Self.silent)
  }

  static let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

  struct Answer {
    let status: Int
    let headers: HTTPFields
    let text: String
    /// In how many pieces the text was written.
    let pieces: Int

    var json: JSONValue { (try? JSONValue(parsing: text)) ?? nil }
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8] = [], key: String? = nil
  ) async throws -> Answer {
    try await Self.take(respond(method, path, body, key: key))
  }

  /// The response to a request, whose body is not written yet.
  func respond(
    _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8], key: String? = nil
  ) async -> Response {
    await interface.respond(
      to: Incoming(
        method: method, path: path, headers: key.map { [.authorization: $0] } ?? [:],
        body: ByteBuffer(bytes: body)))
  }

  /// Lets the body of `response` be written.
  static func take(_ response: Response) async throws -> Answer {
    let collector = Collector()
    try await response.body.write(collector)
    let (text, pieces) = collector.received.withLock(\.self)
    return Answer(
      status: response.status.code, headers: response.headers, text: text, pieces: pieces)
  }

  func get(_ path: String) async throws -> Answer { try await send(.get, path) }

  func post(_ path: String, _ body: JSONValue) async throws -> Answer {
    try await send(.post, path, Array(body.text().utf8))
  }
}

private final class Collector: ResponseBodyWriter {
  let received = Mutex((text: "", pieces: 0))

  func write(_ buffer: ByteBuffer) async throws {
    received.withLock { $0 = ($0.text + String(buffer: buffer), $0.pieces + 1) }
  }

  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension Filling {
  /// As the server must show it.
  var expected: JSONValue {
    [
      "score": .number(probability), "token": JSONValue(id), "token_str": .string(text),
      "sequence": .string(sequence),
    ]
  }
}

func logarithmOf(_ value: Double) -> Double { logarithm(value) }

func exponentialOf(_ value: Double) -> Double { exponential(value) }
