import Logging
import ServiceLifecycle
import Testing
import ThimbleServer
import ThimbleTestSupport

/// Runs a server for `body`, which gets its address, and lets it drain.
func serve(
  at address: ListenAddress = .host("127.0.0.1", port: 0), _ limits: ConnectionLimits = .init(),
  client: Client? = nil,
  _ body: @Sendable @escaping (Client, Connection.Address) async throws -> Void
) async throws {
  let client = try client ?? Client(SmallModel.shared.get())
  let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
  let listener = Listener(client.interface, address: address, limits: limits) {
    continuation.yield($0)
  }
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(
      services: [.init(service: listener, successTerminationBehavior: .gracefullyShutdownGroup)],
      logger: Client.silent))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    for await text in addresses.prefix(1) {
      switch address {
      case .unix(let path):
        #expect(text == "unix:\(path)")
        try await body(client, .unix(path))
      default:
        let port = try #require(text.split(separator: ":").last.flatMap { Int($0) })
        try await body(client, .port(port))
      }
    }
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
  }
}

let goodRequest = Connection.request("POST", "/embed", #"{"inputs": "a"}"#)

/// Whether the server still serves.
func expectService(
  _ address: Connection.Address, _ comment: String = "",
  location: SourceLocation = #_sourceLocation
) async throws {
  let text = try await Connection.talk(address, [goodRequest], enough: "]]")
  #expect(text.hasPrefix("HTTP/1.1 200"), "\(comment)", sourceLocation: location)
}

func statuses(_ text: String) -> [String] {
  text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
}
