public import Logging
internal import NIOCore
internal import ServiceLifecycle
public import Thimble
internal import ThimbleModel
internal import ThimbleSystem
internal import UnixSignals

/// A server of one model: what `thimble serve` runs.
public struct ModelServer: Sendable {
  /// The .thimble file.
  public var path: String
  /// The budget in it is that of the whole process.
  public var run = RunOptions()
  public var interface = InterfaceOptions()
  public var address = ListenAddress.host("127.0.0.1", port: 8080)
  public var limits = ConnectionLimits()
  /// The most tokens that may wait.
  public var queueCapacity = 1 << 15
  public var logger: Logger

  /// What connections, requests and answers may take of the budget, in bytes: at most, when every connection sends what costs
  /// most.
  public var httpAllowance: Int {
    let bodies = max(limits.maximumBodies, interface.maximumBody)
    return bodies + Engine.roomForReadings + limits.maximumConnections << 16 + 5 << 20
  }

  public init(path: String, logger: Logger) {
    self.path = path
    self.logger = logger
  }

  /// Whether SIGHUP came since the process began, before anybody could wait for it.
  public var hangupCame: @Sendable () -> Bool = { false }

  /// Serves until SIGTERM or SIGINT; then answers what has been asked, and returns. SIGHUP opens the file again.
  ///
  /// - Throws: what is wrong with the file, the budget or the address.
  public func run() async throws {
    keepHeapSmall()
    // One event loop: what it does is little beside the model.
    NIOSingletons.groupLoopCountSuggestion = 1
    var run = run
    if case .bytes(let bytes) = run.memory {
      run.memory = .bytes(max(bytes - httpAllowance, 0))
    }
    let metrics = ServerMetrics()
    let engine = try open(run, metrics)
    // A file that cannot be run is a failure to start, not a server that answers 424.
    try await engine.warmUp()
    // So is a language that it does not know.
    for warning in try Notes(interface.text, engine.served.text).warnings {
      logger.warning("\(warning)")
    }
    try interface.prompts.check(interface.text, with: TextEncoder(engine.served.text))
    var options = interface
    options.maximumRequests = limits.maximumConnections
    let interface = HTTPInterface(
      engine: engine, options: options, metrics: metrics, logger: logger)
    let listener = Listener(interface, address: address, limits: limits) { [logger, path] address in
      logger.notice("serving", metadata: ["address": "\(address)", "file": "\(path)"])
    }
    try await ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: listener, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup),
          .init(
            service: ReloadOnHangup(
              engine: engine, hangupCame: hangupCame, metrics: metrics, logger: logger)),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    ).run()
    try await engine.shutDown()
    logger.notice("ended")
  }

  private func open(_ run: RunOptions, _ metrics: ServerMetrics) throws -> Engine {
    do {
      return try Engine(
        path: path, options: run, queueCapacity: queueCapacity,
        maximumInputs: interface.maximumInputs, metrics: metrics)
    } catch ModelError.budget(let bytes, let minimum) {
      // People gave the budget of the whole process, and are to be told that.
      throw ModelError.budget(
        bytes: bytes + httpAllowance, minimum: minimum + httpAllowance)
    }
  }

  /// The service group tells more than anybody wants to know.
  private var quiet: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .error)
    return logger
  }
}

/// Opens the model's file again at SIGHUP.
private struct ReloadOnHangup: Service {
  let engine: Engine
  let hangupCame: @Sendable () -> Bool
  let metrics: ServerMetrics
  let logger: Logger

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown()
    if hangupCame() { await reload() }
    for await _ in signals { await reload() }
  }

  private func reload() async {
    do {
      try await engine.reload()
      metrics.recordReload(succeeded: true)
      logger.notice("file opened again")
    } catch {
      metrics.recordReload(succeeded: false)
      logger.error(
        "cannot open the file again; going on with the old", metadata: ["error": "\(error)"])
    }
  }
}
