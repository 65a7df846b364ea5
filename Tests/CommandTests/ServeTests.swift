import Testing
import ThimbleJSON
import ThimbleTestSupport

/// A server that the built command runs.
final class ServerProcess {
  private let process: RunningProcess
  let address: Connection.Address

  init(
    _ arguments: [String], unix: String? = nil, environment: [String: String] = [:]
  ) throws {
    let place = unix.map { ["--unix", $0] } ?? ["--port", "0"]
    process = try RunningProcess(
      command, ["serve"] + arguments + place, environment: environment)
    address = try Self.address(process)
  }

  /// One that a program starts, which gives it a socket.
  init(startedBy program: String, _ arguments: [String]) throws {
    process = try RunningProcess(program, arguments)
    address = try Self.address(process)
  }

  private static func address(_ process: RunningProcess) throws -> Connection.Address {
    let line = try #require(process.line(with: " serving"), "the server did not start")
    let word = try #require(line.split(separator: " ").first { $0.hasPrefix("address=") })
    if let path = word.split(separator: "unix:").last, word.contains("unix:") {
      return .unix(String(path))
    }
    return .port(try #require(word.split(separator: ":").last.flatMap { Int($0) }))
  }

  func answer(
    _ method: String = "POST", _ path: String, _ body: String = "", key: String? = nil
  ) async throws -> (status: Int, json: JSONValue) {
    let headers = ["Connection: close"] + (key.map { ["Authorization: Bearer \($0)"] } ?? [])
    let text = try await Connection.talk(
      address, [Connection.request(method, path, body, headers: headers)])
    return try Self.parse(text)
  }

  static func parse(_ text: String) throws -> (status: Int, json: JSONValue) {
    let status = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    let body = text.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? ""
    return (status, (try? JSONValue(parsing: body)) ?? nil)
  }

  func send(_ signal: RunningProcess.Signal) { process.send(signal) }
  func log(with text: String) -> String? { process.line(with: text) }

  /// Asks it to end; its exit code.
  func stop() -> Int32 {
    process.send(.terminate)
    return process.exitCode()
  }
}

@Suite("thimble serve", .timeLimit(.minutes(5)))
struct ServeTests {
  static let text = "Elle a ouvert la <mask> de la maison."
  static let body = "{\"inputs\": \"\(text)\"}"
  let folder = TemporaryFolder()

  func expected(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: thimble("fill-mask", path, "--json", Self.text).output)
  }

  @Test("answers what fill-mask prints, on loopback and on a Unix socket, and ends with 0")
  func answers() async throws {
    let expected = try expected(SmallModel.path)
    let socket = folder("socket")
    for server in [
      try ServerProcess([SmallModel.path]), try ServerProcess([SmallModel.path], unix: socket),
    ] {
      #expect(try await server.answer("GET", "/health").status == 200)
      let answer = try await server.answer("POST", "/fill-mask", Self.body)
      #expect(answer.status == 200 && answer.json == expected)
      #expect(try await server.answer("GET", "/info").json["model_id"] == "small")
      #expect(server.stop() == 0)
    }
    #expect(folder.names.isEmpty, "the socket is left behind")
  }

  @Test("keeps under its budget")
  func memory() async throws {
    let server = try ServerProcess([SmallModel.path, "--memory", "40M"])
    for _ in 0..<20 {
      #expect(try await server.answer("POST", "/fill-mask", Self.body).status == 200)
    }
    let info = try await server.answer("GET", "/info").json
    let bytes = try #require(info["private_memory_bytes"]?.int)
    #expect(bytes <= 40 << 20)
    #expect(server.stop() == 0)
  }

  @Test("answers what it has begun to read when it is asked to end, and takes nothing more")
  func drains() async throws {
    let server = try ServerProcess([SmallModel.path])
    let request = Connection.request("POST", "/fill-mask", Self.body)
    let answer = try await Connection.open(server.address) { connection in
      // An answer proves that the server knows this connection.
      try await connection.send(Connection.request("GET", "/health"))
      _ = try await connection.read(until: "ok")
      try await connection.send(String(request.dropLast(10)))
      // Another connection's answer comes after this one's bytes were there to be read.
      _ = try await server.answer("GET", "/health")
      server.send(.terminate)
      while await Connection.isPossible(server.address) {}
      try await connection.send(String(request.suffix(10)))
      return try await connection.read()
    }
    let (status, json) = try ServerProcess.parse(answer)
    #expect(status == 200)
    #expect(try json == expected(SmallModel.path))
    #expect(server.stop() == 0)
  }

  @Test("puts a new model in the place of the old one at SIGHUP, and drops no request")
  func reloads() async throws {
    let path = folder("model.thimble")
    _ = try folder.write(bytes(SmallModel.path), to: "model.thimble")
    let new = folder("new.thimble")
    #expect(try thimble("convert", smallCheckpoint, "-o", new, "--bits", "5").exitCode == 0)
    let answers = [try expected(path), try expected(new)]
    #expect(answers[0] != answers[1])
    let server = try ServerProcess([path])
    let address = server.address
    try await withThrowingTaskGroup(of: Void.self) { group in
      let isOver = Flag()
      for _ in 0..<4 {
        group.addTask {
          try await Connection.open(address) { connection in
            repeat {
              try await connection.send(Connection.request("POST", "/fill-mask", Self.body))
              let text = try await connection.read(until: "}]")
              let (status, json) = try ServerProcess.parse(text)
              #expect(status == 200 && answers.contains(json))
            } while !isOver.isSet
          }
        }
      }
      #expect(try await server.answer("POST", "/fill-mask", Self.body).json == answers[0])
      // A rename, as anybody replaces a file that is in use.
      #expect(try ChildProcess("mv", [new, path]).exitCode == 0)
      server.send(.hangUp)
      #expect(server.log(with: "file opened again") != nil)
      #expect(try await server.answer("POST", "/fill-mask", Self.body).json == answers[1])
      isOver.set()
      try await group.waitForAll()
    }
    // What is no model is refused, and the old one goes on.
    _ = try folder.write(Array("no model".utf8), to: "model.thimble")
    server.send(.hangUp)
    #expect(server.log(with: "going on with the old") != nil)
    #expect(try await server.answer("POST", "/fill-mask", Self.body).json == answers[1])
    #expect(server.stop() == 0)
  }

  @Test("takes over a listening socket, as systemd hands it on")
  func socketActivation() async throws {
    let script = """
      import os, socket, sys
      s = socket.socket()
      s.bind(("127.0.0.1", 0))
      s.listen()
      os.dup2(s.fileno(), 3)
      os.set_inheritable(3, True)
      os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
      os.execv(sys.argv[1], sys.argv[1:])
      """
    let python = ChildProcess.environment("TOOLS_PYTHON") ?? "python3"
    let server = try ServerProcess(
      startedBy: python, ["-c", script, command, "serve", SmallModel.path, "--port", "1"])
    #expect(try await server.answer("POST", "/fill-mask", Self.body).status == 200)
    #expect(server.stop() == 0)
  }

  @Test("wants the key of a file or of the environment")
  func keys() async throws {
    let file = try folder.write(Array("geheim\nrest\n".utf8), to: "key")
    for server in [
      try ServerProcess([SmallModel.path, "--api-key-file", file]),
      try ServerProcess([SmallModel.path], environment: ["THIMBLE_API_KEY": "geheim"]),
    ] {
      for wrong in [nil, "falsch", "geheim2", "geheirn"] {
        let answer = try await server.answer("POST", "/fill-mask", Self.body, key: wrong)
        #expect(answer.status == 401 && answer.json["error_type"] == "Unauthorized")
      }
      #expect(
        try await server.answer("POST", "/fill-mask", Self.body, key: "geheim").status == 200)
      #expect(try await server.answer("GET", "/health").status == 200)
      #expect(server.stop() == 0)
    }
  }

  @Test("logs requests without a word of what users write")
  func privacy() async throws {
    let server = try ServerProcess([SmallModel.path, "--log-level", "trace"])
    #expect(try await server.answer("POST", "/fill-mask", Self.body).status == 200)
    #expect(
      try await server.answer("POST", "/fill-mask", #"{"inputs": "geheimes Wort"}"#).status == 422)
    #expect(try await server.answer("POST", "/geheimes-wort", "{}").status == 404)
    server.send(.terminate)
    var lines = 0
    while let line = server.log(with: " thimble: ") {
      lines += 1
      #expect(!line.contains("maison") && !line.contains("geheim"), "\(line)")
    }
    #expect(lines > 3)
  }

  @Test(
    "says what is wrong with its options, and ends",
    arguments: [
      (["--port", "70000"], 64), (["--memory", "1M"], 64), (["--log-level", "loud"], 64),
      (["--max-body", "1"], 64), (["--api-key-file", "/nowhere"], 66),
      (["--api-key-file", "/dev/null"], 66), (["--host", "256.0.0.1"], 74),
      (["--unix", "/nowhere/socket"], 74),
    ] as [([String], Int32)])
  func options(arguments: [String], exitCode: Int32) throws {
    let result = try ChildProcess(command, ["serve", SmallModel.path] + arguments)
    #expect(result.exitCode == exitCode, "\(result.errors)")
    #expect(
      result.errors.contains(arguments[0].dropFirst(2)) || result.errors.contains(arguments[1]))
  }

  @Test("says so if the port is taken, the file is missing or is none")
  func failures() async throws {
    let server = try ServerProcess([SmallModel.path])
    guard case .port(let port) = server.address else {
      Issue.record("the server has no port")
      return
    }
    let taken = try thimble("serve", SmallModel.path, "--port", "\(port)")
    #expect(taken.exitCode == 74 && taken.errors.contains("\(port)"), "\(taken.errors)")
    #expect(server.stop() == 0)
    #expect(try thimble("serve", folder("none.thimble")).exitCode == 66)
    let text = try folder.write(Array("text".utf8), to: "text.thimble")
    #expect(try thimble("serve", text).exitCode == 65)
  }
}

@Suite("The systemd units")
struct UnitTests {
  let folder = TemporaryFolder()

  static let hasSystemd =
    (try? ChildProcess("systemd-analyze", ["--version"]))?.exitCode == 0

  /// The units in a folder of the test's own, with the program where it is.
  func units() throws -> [String] {
    try ["thimble.service", "thimble.socket"].map { name in
      let text = String(decoding: try bytes(repository("Tools/systemd/\(name)")), as: UTF8.self)
      return try folder.write(
        Array(text.split(separator: "/usr/local/bin/thimble").joined(separator: command).utf8),
        to: name)
    }
  }

  @Test("are what systemd understands", .enabled("systemd-analyze is there") { hasSystemd })
  func verify() throws {
    let result = try ChildProcess("systemd-analyze", ["verify", "--man=no"] + units())
    #expect(result.exitCode == 0 && result.errors.isEmpty, "\(result.errors)")
  }

  @Test("leave the server next to nothing", .enabled("systemd-analyze is there") { hasSystemd })
  func security() throws {
    // The exposure goes from 0 to 100; without any hardening it is 96.
    let result = try ChildProcess(
      "systemd-analyze", ["security", "--offline=yes", "--threshold=15"] + [try units()[0]])
    #expect(result.exitCode == 0, "\(result.output)")
  }
}
