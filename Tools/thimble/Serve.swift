internal import ArgumentParser
internal import Logging
internal import Thimble
internal import ThimbleModel
internal import ThimbleServer
internal import ThimbleSystem

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves a model over HTTP: fill-mask, embeddings, scores.",
    discussion: """
      Speaks the shapes of Hugging Face's fill-mask, text-embeddings-inference and OpenAI's embeddings \
      (Formats/http.md, or GET /openapi.json). GET / is a page for people. There is no TLS: put a reverse proxy in front. \
      A socket from systemd is taken over. SIGTERM answers what has been asked and ends; SIGHUP opens FILE again.

      Examples:
        thimble serve xlm.thimble --memory 96M
        curl localhost:8080/fill-mask -d '{"inputs": "Paris is the <mask> of France."}'
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Option(help: "The address to listen at. Others than loopback let the network in.")
  var host = "127.0.0.1"

  @Option(help: "The port to listen at; 0 for any that is free.")
  var port = 8080

  @Option(help: ArgumentHelp("Listen at a Unix socket instead.", valueName: "path"))
  var unix: String?

  @Option(
    help: ArgumentHelp(
      "Private memory of the whole process to stay under: 96M, 1G, or auto.", valueName: "size"))
  var memory = MemoryArgument.automatic

  @Option(help: "Threads. (default: the processors that this process may use)")
  var threads: Int?

  @Option(
    help: "int8, or int16 for less error at twice the multiplications.")
  var activations = ActivationPrecision.int8

  @Option(help: "The name of the model. (default: the file's, without .thimble)")
  var name: String?

  @Option(
    help: ArgumentHelp(
      "A file with the key that clients must send. (default: THIMBLE_API_KEY, if it is set)",
      valueName: "file"))
  var apiKeyFile: String?

  @Option(
    name: .customLong("compat"),
    help: "training: texts as the model was trained; hf: as Hugging Face's pipeline.")
  var convention = Convention.training

  @Flag(
    inversion: .prefixedNo,
    help: "Whether token types are added, as the model was fine-tuned. (default: as --compat says)")
  var tokenTypes: Bool?

  @Option(
    help: ArgumentHelp(
      "The language of texts whose request names none, as the model spells it: fr.",
      valueName: "code"))
  var lang: String?

  @Option(
    help: "What vectors are made of, unless a request says otherwise: all tokens, or the first.")
  var pooling = Pooling.mean

  @Flag(
    help:
      "Cut texts that are too long instead of refusing them, unless a request says otherwise. Answers tell how many were cut."
  )
  var autoTruncate = false

  @Flag(
    help:
      "Take token ids in /v1/embeddings too. Clients must have made them with this model's vocabulary."
  )
  var allowTokenIds = false

  @Option(help: ArgumentHelp("The most tokens of a pass.", valueName: "n"))
  var passTokens = 1024

  @Option(help: ArgumentHelp("The most tokens that wait before clients get 429.", valueName: "n"))
  var queueTokens = 1 << 15

  @Option(help: ArgumentHelp("The most inputs of a request.", valueName: "n"))
  var maxInputs = 32

  @Option(help: ArgumentHelp("The most bytes of a request's body: 256K.", valueName: "size"))
  var maxBody = ByteCount(bytes: 256 << 10)

  @Option(
    help: ArgumentHelp(
      "The most open connections. Each has 64 KiB of --memory set aside for it.", valueName: "n"))
  var maxConnections = ConnectionLimits().maximumConnections

  @Option(
    help: ArgumentHelp(
      "How long a request may take to arrive, and an answer to be taken.", valueName: "seconds"))
  var timeout = 20

  @Option(
    help: "What to log: debug shows every request, without its text.",
    transform: Logger.Level.init(argument:))
  var logLevel = Logger.Level.notice

  func validate() throws {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw ValidationError(
          "--\(name) \(value): \(range.lowerBound) to \(range.upperBound) make sense.")
      }
    }
    try check("port", port, 0...65535)
    try check("threads", threads ?? 1, 1...1024)
    try check("pass-tokens", passTokens, 16...(1 << 16))
    try check("queue-tokens", queueTokens, 512...(1 << 24))
    try check("max-inputs", maxInputs, 1...4096)
    try check("max-body", maxBody.bytes, 1024...(1 << 28))
    try check("max-connections", maxConnections, 1...65536)
    try check("timeout", timeout, 1...3600)
  }

  func run() throws {
    try reportingFailure {
      let server = try server()
      // Where no thread can be had, a library ends the process, and another waits for ever.
      let addresses = (server.run.threadCount + 12) * 8 << 20
      guard systemGrants(addresses: addresses) else {
        throw SystemError.outOfMemory(byteCount: addresses)
      }
      try waitFor { try await server.run() }
    }
  }

  private func server() throws -> ModelServer {
    let level = logLevel
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    var server = ModelServer(path: file, logger: Logger(label: "thimble"))
    server.run = RunOptions(
      memory: memory.budget, threads: threads, isa: environment("THIMBLE_ISA"),
      maximumTokens: passTokens)
    server.run.positionsPerRound = 64
    server.run.activations = activations
    server.interface.name = name ?? servedName
    server.interface.version = ThimbleCommand.version
    server.interface.key = try key()
    server.interface.maximumInputs = maxInputs
    server.interface.maximumBody = maxBody.bytes
    server.interface.text.convention = convention
    server.interface.text.addsTypes = tokenTypes
    server.interface.text.language = lang
    server.interface.text.truncates = autoTruncate
    server.interface.pooling = pooling
    server.interface.takesTokenIDs = allowTokenIds
    server.address =
      if let socket = inheritedSocket() { .descriptor(socket) } else if let unix {
        .unix(path: unix)
      } else { .host(host, port: port) }
    server.limits.maximumConnections = maxConnections
    server.limits.timeout = timeout
    server.queueCapacity = queueTokens
    return server
  }

  private var servedName: String {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    return last.hasSuffix(".thimble") ? String(last.dropLast(8)) : last
  }

  private func key() throws -> APIKey? {
    guard let apiKeyFile else { return environment("THIMBLE_API_KEY").flatMap { APIKey($0) } }
    let bytes = try MappedFile(path: apiKeyFile).bytes.bytes()
    guard let key = APIKey(String(decoding: bytes, as: UTF8.self)) else {
      throw ValidationError("\(apiKeyFile): the first line is empty. It must be the key.")
    }
    return key
  }
}

extension Logger.Level {
  fileprivate init(argument: String) throws {
    guard let level = Logger.Level(rawValue: argument) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--log-level \(argument): there are \(known).")
    }
    self = level
  }
}
