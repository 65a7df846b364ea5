import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("thimble serve, told what to do,", .timeLimit(.minutes(5)))
struct ServeOptionsTests {
  let folder = TemporaryFolder()

  @Test(
    "does not start with a key that is none",
    arguments: ["", "\n", "\r\n", "\nkey", "a b", "kéy", String(repeating: "k", count: 2000)])
  func keys(key: String) throws {
    let variable = try ChildProcess(
      command, ["serve", SmallModel.path, "--port", "0"], environment: ["THIMBLE_API_KEY": key])
    #expect(variable.exitCode == 64 && variable.errors.contains("THIMBLE_API_KEY"))
    let file = try folder.write(Array(key.utf8), to: "key")
    let result = try thimble("serve", SmallModel.path, "--port", "0", "--api-key-file", file)
    #expect(result.exitCode == 64 && result.errors.contains(file), "\(result.errors)")
  }

  @Test("takes every option from the environment, and refuses a bad value by the variable's name")
  func environment() throws {
    let help = try thimble("serve", "--help").output
    let options = help.matches(of: /\n +--([a-z-]+)/).map { String($0.1) }
      .filter { $0 != "version" }
    #expect(options.count > 15)
    for option in options {
      let variable = "THIMBLE_" + option.uppercased().split(separator: "-").joined(separator: "_")
      // No option takes this; files, paths and languages are looked at later.
      let result = try ChildProcess(
        command, ["serve", "/nowhere.thimble"],
        environment: [variable: ["name", "host"].contains(option) ? "" : "\u{7}/nowhere/x"])
      if ["unix", "api-key-file", "lang", "default-prompt"].contains(option) {
        #expect(result.exitCode == 66, "\(variable): \(result.errors)")
      } else {
        // Which names there are is known only when all options are.
        let name = option == "default-prompt-name" ? "--\(option)" : variable
        #expect(
          result.exitCode == 64 && result.errors.contains(name), "\(variable): \(result.errors)")
      }
      #expect(!result.errors.contains("not an option"))
    }
  }

  @Test("lets the command line win over the environment, and warns about what is not an option")
  func precedence() async throws {
    let server = try ServerProcess(
      [SmallModel.path, "--name", "given"],
      environment: [
        "THIMBLE_NAME": "other", "THIMBLE_PORT": "1", "THIMBLE_MAX_INPUTS": "3",
        "THIMBLE_TOKEN_TYPES": "false", "THIMBLE_CORS_ORIGIN": "http://a,http://b",
        "THIMBLE_PROMPT": "query=find, \nnone=",
      ])
    let info = try await server.answer("GET", "/info").json
    #expect(info["prompts"] == ["query": "find, ", "none": ""])
    #expect(info["model_id"] == "given" && info["max_client_batch_size"] == 3)
    #expect(server.stop() == 0)
    let result = try ChildProcess(
      command, ["serve", "/nowhere.thimble"], environment: ["THIMBLE_MEMROY": "1G"])
    #expect(result.exitCode == 66 && result.errors.contains("THIMBLE_MEMROY"))
  }

  @Test("says plainly what its defaults and limits are")
  func words() throws {
    let help = try thimble("serve", "--help").output
    for raw in ["ByteCount", "bytes:", "Optional", "descriptor", "make sense"] {
      #expect(!help.contains(raw), "\(raw)")
    }
    #expect(help.contains("256K)"))
    let both = try thimble("serve", SmallModel.path, "--unix", folder("s"), "--port", "80")
    #expect(both.exitCode == 64 && both.errors.contains("--unix") && both.errors.contains("--port"))
    let limit = try thimble("serve", SmallModel.path, "--max-inputs", "0")
    #expect(limit.exitCode == 64 && limit.errors.contains("must be 1 to 4096"))
  }

  @Test("takes prompts by their names, and refuses what is none")
  func prompts() async throws {
    let server = try ServerProcess([
      SmallModel.path, "--prompt", "query=query: ", "--prompt", "plain=",
      "--default-prompt-name", "query",
    ])
    let info = try await server.answer("GET", "/info").json
    #expect(info["prompts"] == ["query": "query: ", "plain": ""])
    #expect(info["default_prompt"] == "query: " && info["default_prompt_name"] == "query")
    #expect(server.stop() == 0)
    let long = String(repeating: "word ", count: 600)
    for (arguments, exitCode, said) in [
      (["--prompt", "query"], 64, "name, = and a text"), (["--prompt", "=a"], 64, "--prompt"),
      (["--prompt", "a=b", "--prompt", "a=c"], 64, "two prompts \"a\""),
      (["--default-prompt-name", "a"], 64, "none at all"),
      (["--prompt", "a=b", "--default-prompt-name", "b"], 64, "There are: a"),
      (["--default-prompt", "a", "--default-prompt-name", "b"], 64, "give one of them"),
      (["--default-prompt", long], 65, "leaves no room"),
    ] as [([String], Int32, String)] {
      let result = try ChildProcess(
        command, ["serve", SmallModel.path, "--port", "0"] + arguments)
      #expect(
        result.exitCode == exitCode && result.errors.contains(said),
        "\(arguments): \(result.errors)")
    }
  }

  @Test("leaves a socket alone at which a server answers, and what is no socket")
  func sockets() async throws {
    let path = folder("socket")
    let server = try ServerProcess([SmallModel.path], unix: path)
    let second = try thimble("serve", SmallModel.path, "--unix", path)
    #expect(second.exitCode == 74 && second.errors.contains(path), "\(second.errors)")
    #expect(try await server.answer("GET", "/health").status == 200)
    #expect(server.stop() == 0)
    let file = try folder.write([1], to: "file")
    #expect(try thimble("serve", SmallModel.path, "--unix", file).exitCode == 74)
    #expect(try bytes(file) == [1])
  }

  @Test("stays within its budget while clients ask for pages and read none")
  func pipelining() async throws {
    let server = try ServerProcess([SmallModel.path, "--memory", "40M"])
    let address = server.address
    let burst = String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 300)
    try await withThrowingTaskGroup { group in
      for _ in 0..<100 {
        group.addTask {
          try? await Connection.open(address) { connection in
            // At some point the system takes no more.
            for _ in 0..<100 { try await connection.send(burst) }
            try await Task.sleep(for: .seconds(60))
          }
        }
      }
      for _ in 0..<10 {
        let info = try await server.answer("GET", "/info").json
        let memory = try #require(info["private_memory_bytes"]?.int)
        #expect(memory < 40 << 20)
        try await Task.sleep(for: .milliseconds(200))
      }
      group.cancelAll()
    }
    #expect(try await server.answer("GET", "/health").status == 200)
    #expect(server.stop() == 0)
  }

  @Test("logs in JSON, one object a line")
  func jsonLog() throws {
    let json = try RunningProcess(
      command, ["serve", SmallModel.path, "--port", "0", "--log-format", "json"])
    let line = try #require(json.line(with: "serving"))
    let value = try JSONValue(parsing: line)
    #expect(value["message"] == "serving" && value["file"]?.string == SmallModel.path)
    json.send(.terminate)
    #expect(json.exitCode() == 0)
  }
}
