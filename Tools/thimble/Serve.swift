internal import ArgumentParser
internal import Logging
internal import Thimble
internal import ThimbleModel
internal import ThimbleServer
internal import ThimbleSystem

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves a model over HTTP: fill-mask, embeddings, scores, labels, answers.",
    discussion: """
      Understands the requests of Hugging Face's client, text-embeddings-inference and OpenAI's embeddings \
      (Formats/http.md, or GET /openapi.json). GET / is a page for people. There is no TLS: put a reverse proxy in front. \
      A socket passed by systemd is used. On SIGTERM the server answers pending requests and ends; on SIGHUP it opens \
      FILE again.

      Every option can be given as an environment variable, in capitals and prefixed with THIMBLE_: --max-body 1M is \
      THIMBLE_MAX_BODY=1M. Flags take true or false. The command line wins. THIMBLE_API_KEY is the key itself.

      Examples:
        thimble serve xlm.thimble --memory 96M
        curl localhost:8080/fill-mask -d '{"inputs": "Paris is the <mask> of France."}'
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Option(
    help:
      "The address or name to listen on. Any address but a loopback one exposes the server to the network. (default: 127.0.0.1)"
  )
  var host: String?

  @Option(help: "The port to listen on; 0 for any free port. (default: 8080)")
  var port: Int?

  @Option(
    help: ArgumentHelp(
      "Listen on a Unix socket instead. A socket that another server left behind is replaced.",
      valueName: "path"))
  var unix: String?

  @Option(
    help: ArgumentHelp(
      "The most private memory for the whole process: 96M, 1G, or auto.", valueName: "size"))
  var memory = MemoryArgument.automatic

  @Option(
    help: ArgumentHelp(
      "Number of threads. (default: the processors that this process may use)", valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "int8, or int16 for less error at twice the multiplications.", valueName: "type"))
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
    help: ArgumentHelp(
      "How to prepare texts: as in training, or as Hugging Face's pipeline does (hf).",
      valueName: "mode"
    ))
  var convention = Convention.training

  @OptionGroup var prompts: PromptOptions

  @Flag(
    inversion: .prefixedNo,
    help: "Add token types, if the model was fine-tuned with them. (default: as --compat says)")
  var tokenTypes: Bool?

  @Option(
    help: ArgumentHelp(
      "The language of texts whose request names none, spelled as in the model: fr.",
      valueName: "code"))
  var lang: String?

  @Option(
    help:
      "How vectors are made unless a request says otherwise: from all tokens, or from the first.")
  var pooling = Pooling.mean

  @Flag(
    help:
      "Cut texts that are too long instead of refusing them, unless a request says otherwise. Answers say how many were cut."
  )
  var autoTruncate = false

  @Flag(
    help:
      "Accept token ids in /v1/embeddings too. Clients must make them with this model's vocabulary."
  )
  var allowTokenIds = false

  @Option(help: ArgumentHelp("The most tokens in a pass.", valueName: "n"))
  var passTokens = 1024

  @Option(
    help: ArgumentHelp(
      "The most tokens that may wait; beyond that, clients get 429.", valueName: "n"))
  var queueTokens = 1 << 15

  @Option(help: ArgumentHelp("The most inputs in a request.", valueName: "n"))
  var maxInputs = 32

  @Option(help: ArgumentHelp("The most bytes in a request's body.", valueName: "size"))
  var maxBody = ByteCount(bytes: 256 << 10)

  @Option(
    help: ArgumentHelp(
      "The most open connections. Each takes 64 KiB of --memory.", valueName: "n"))
  var maxConnections = ConnectionLimits().maximumConnections

  @Option(
    help: ArgumentHelp(
      "How long a request may take to arrive, from its first byte to its last, and how long a client may take to read an answer.",
      valueName: "seconds"))
  var timeout = 20

  @Option(
    help: ArgumentHelp(
      "A web origin whose pages may send requests, such as https://example.org, or * for all; may be repeated. (default: none)",
      valueName: "origin"))
  var corsOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      "What to log: trace, debug, info, notice, warning, error or critical. debug shows every request, without its text. (default: notice)",
      valueName: "level"),
    transform: Logger.Level.init(argument:))
  var logLevel = Logger.Level.notice

  @Option(
    help: ArgumentHelp(
      "text, or json for one JSON object a line. (default: text)", valueName: "format"),
    transform: LogFormat.init(argument:))
  var logFormat = LogFormat.text

  func validate() throws {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>, size: Bool = false) throws {
      guard !range.contains(value) else { return }
      func text(_ value: Int) -> String { size ? ByteCount(bytes: value).description : "\(value)" }
      throw ValidationError(
        "--\(name) \(text(value)): must be \(text(range.lowerBound)) to \(text(range.upperBound)).")
    }
    try check("port", port ?? 0, 0...65535)
    try check("threads", threads ?? 1, 1...1024)
    try check("pass-tokens", passTokens, 16...(1 << 16))
    try check("queue-tokens", queueTokens, 512...(1 << 24))
    try check("max-inputs", maxInputs, 1...4096)
    try check("max-body", maxBody.bytes, 1024...(1 << 28), size: true)
    try check("max-connections", maxConnections, 1...65536)
    try check("timeout", timeout, 1...3600)
    if unix != nil, host != nil || port != nil {
      throw ValidationError(
        "--unix listens on a socket instead of \(host == nil ? "--port" : "--host"): give one of them."
      )
    }
    for (option, value) in [("host", host), ("unix", unix), ("name", name)] where value == "" {
      throw ValidationError("--\(option): must not be empty.")
    }
    do { _ = try CrossOriginRule(corsOrigin) } catch {
      throw ValidationError("--cors-origin: \(error)")
    }
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
    let (level, format) = (logLevel, logFormat)
    LoggingSystem.bootstrap { label in
      LineLogHandler(label: label, level: level, format: format) { line in
        // Whoever read the log may have gone. There is nobody left to tell.
        try? StandardStream.error.write(line)
      }
    }
    var server = ModelServer(path: file, logger: Logger(label: "thimble"))
    for variable in Self.variablesWithoutOption() {
      server.logger.warning("\(variable) is not an option of serve and has no effect")
    }
    server.run = RunOptions(
      memory: memory.budget, threads: threads, isa: environment("THIMBLE_ISA"),
      maximumTokens: passTokens)
    server.run.positionsPerRound = 64
    server.run.activations = activations
    server.interface.name = name ?? servedName
    server.interface.version = ThimbleCommand.version
    server.interface.key = try key(server.logger)
    server.interface.crossOrigin = try CrossOriginRule(corsOrigin)
    server.interface.maximumInputs = maxInputs
    server.interface.maximumBody = maxBody.bytes
    server.interface.text.convention = convention
    server.interface.text.addsTypes = tokenTypes
    server.interface.text.language = lang
    server.interface.text.truncates = autoTruncate
    server.interface.pooling = pooling
    server.interface.prompts = try prompts.prompts
    server.interface.takesTokenIDs = allowTokenIds
    server.address = address(server.logger)
    server.limits.maximumConnections = maxConnections
    server.limits.timeout = timeout
    server.queueCapacity = queueTokens
    server.hangupCame = { Hangup.hasCome }
    raiseDescriptorLimit(server.logger)
    return server
  }

  private func address(_ logger: Logger) -> ListenAddress {
    if let socket = inheritedSocket() {
      for (option, isGiven) in [
        ("host", host != nil), ("port", port != nil), ("unix", unix != nil),
      ]
      where isGiven {
        logger.warning("an inherited socket is served: --\(option) has no effect")
      }
      if let count = environment("LISTEN_FDS").flatMap({ Int($0) }), count > 1 {
        logger.warning("of \(count) inherited sockets only the first is served")
      }
      return .descriptor(socket)
    }
    return unix.map { .unix(path: $0) } ?? .host(host ?? "127.0.0.1", port: port ?? 8080)
  }

  /// Every connection takes a descriptor, and the server itself some.
  private func raiseDescriptorLimit(_ logger: Logger) {
    let needed = maxConnections + 64
    let limit = raiseOpenFileLimit(to: needed)
    guard limit < needed else { return }
    logger.warning(
      "the system allows this process only \(limit) open files: too few for --max-connections \(maxConnections)"
    )
  }

  private var servedName: String {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    return last.hasSuffix(".thimble") ? String(last.dropLast(8)) : last
  }

  /// The key of the file or of the environment. One that is there but is none is refused: without it the server would be open
  /// to everybody.
  private func key(_ logger: Logger) throws -> APIKey? {
    let (source, bytes): (String, [UInt8])
    if let apiKeyFile {
      let view = try MappedFile(path: apiKeyFile).bytes
      (source, bytes) = (apiKeyFile, view[0..<min(view.count, 2 * APIKey.longest)].bytes())
    } else if let text = environment("THIMBLE_API_KEY") {
      (source, bytes) = ("THIMBLE_API_KEY", Array(text.utf8))
    } else {
      return nil
    }
    do {
      let key = try APIKey(bytes)
      if bytes.drop(while: { $0 != 0x0A }).contains(where: { $0 != 0x0A && $0 != 0x0D }) {
        logger.warning("\(source): only the first line is the key; the other lines are ignored")
      }
      return key
    } catch { throw ValidationError("\(source.printable()): \(error)") }
  }
}

extension LogFormat {
  fileprivate init(argument: String) throws {
    guard let format = LogFormat(rawValue: argument) else {
      throw ValidationError("--log-format \(argument.printable()): must be text or json.")
    }
    self = format
  }
}

extension Logger.Level {
  fileprivate init(argument: String) throws {
    guard let level = Logger.Level(rawValue: argument) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--log-level \(argument.printable()): must be one of \(known).")
    }
    self = level
  }
}
