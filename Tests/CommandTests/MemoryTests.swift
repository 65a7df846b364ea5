import Testing
import ThimbleFormat
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

/// A synthetic model large enough for budgets to matter: 26 M weights.
enum MediumModel {
  static let folder = TemporaryFolder()
  /// nil, with the reason, if it cannot be made here.
  static let path: Result<String, Reason> = {
    let python = ChildProcess.environment("TOOLS_PYTHON") ?? "python3"
    do {
      let made = try ChildProcess(
        python,
        [
          repository("Tools/make-checkpoint"), folder("checkpoint"), "--layers", "4", "--dim",
          "512",
          "--vocab", "26000",
        ])
      guard made.exitCode == 0 else { return .failure(Reason(text: made.errors)) }
      let path = folder("medium.thimble")
      let converted = try thimble("convert", folder("checkpoint"), "-o", path)
      guard converted.exitCode == 0 else { return .failure(Reason(text: converted.errors)) }
      return .success(path)
    } catch { return .failure(Reason(text: "\(error)")) }
  }()

  struct Reason: Error { let text: String }

  static var isThere: Bool { (try? path.get()) != nil }
}

@Suite(
  "--memory is a promise",
  .enabled("python3 with numpy makes the model") { MediumModel.isThere })
struct MemoryTests {
  static let text = "a b c d e f g <mask> h i j k l m"

  /// Megabytes in "private memory 12.3 MB, …".
  func privateBytes(_ result: ChildProcess) throws -> Double {
    let line = try #require(
      result.errors.split(separator: "\n").first { $0.hasPrefix("private memory") })
    let words = line.split(separator: " ")
    return try #require(Double(words[2])) * (words[3].hasPrefix("kB") ? 1e3 : 1e6)
  }

  @Test("on private memory, at the end of a run", arguments: [16, 20, 24, 32, 40, 64, 512])
  func kept(megabytes: Int) throws {
    let model = try MediumModel.path.get()
    let result = try thimble(
      "fill-mask", model, Self.text, "--memory", "\(megabytes)M", "--json", "-v")
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(try privateBytes(result) <= Double(megabytes << 20))
    #expect(try result.output == thimble("fill-mask", model, Self.text, "--json").output)
  }

  @Test("a checkpoint that runs in place in fp32 stays in its mapped file")
  func inPlace() throws {
    _ = try MediumModel.path.get()
    let result = try thimble("fill-mask", MediumModel.folder("checkpoint"), Self.text, "-v")
    #expect(result.exitCode == 0, "\(result.errors)")
    // Its weights are 105 MB.
    #expect(try privateBytes(result) <= 40e6)
  }

  @Test("with as many threads as one likes")
  func threads() throws {
    let result = try thimble(
      "fill-mask", try MediumModel.path.get(), Self.text, "--memory", "40M", "--threads", "8", "-v")
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(try privateBytes(result) <= Double(40 << 20))
  }

  @Test("that is refused, with the minimum, when it cannot be kept")
  func refused() throws {
    let result = try thimble(
      "fill-mask", try MediumModel.path.get(), Self.text, "--memory", "2M")
    #expect(result.exitCode == 64)
    #expect(result.errors.contains("at least"))
  }

  @Test(
    "a memory cgroup that is smaller than the weights is enough",
    .enabled("memory cgroups can be made here") { try Self.inCgroup("64M", "true").exitCode == 0 },
    arguments: [12, 16, 24])
  func cgroup(megabytes: Int) throws {
    let model = try MediumModel.path.get()
    let result = try Self.inCgroup(
      "\(megabytes)M", command, "fill-mask", model, Self.text, "--json")
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(try result.output == thimble("fill-mask", model, Self.text, "--json").output)
  }

  static func inCgroup(_ limit: String, _ words: String...) throws -> ChildProcess {
    try ChildProcess(repository("Tools/in-cgroup"), [limit, "--"] + words)
  }

  @Test("memory that the system refuses is an error with its size, not a crash")
  func allocation() throws {
    // The program and the mapping of the file fit into the address space, what is to be pinned does not.
    let arguments = "fill-mask '\(try MediumModel.path.get())' '\(Self.text)' --memory 64M"
    let result = try ChildProcess(
      "sh", ["-c", "ulimit -v 82000; exec '\(command)' \(arguments)"])
    #expect(result.exitCode == 74, "\(result.output)\(result.errors)")
    #expect(result.errors.contains("The system refused"), "\(result.errors)")
  }

  @Test(
    "so is what libraries take: a server ends with a message, or serves",
    arguments: [48, 64, 80, 96, 112, 128, 160, 256])
  func refusedThreads(megabytes: Int) throws {
    let arguments = "serve '\(SmallModel.path)' --memory 32M --port 0"
    let result = try ChildProcess(
      "sh", ["-c", "ulimit -v \(megabytes << 10); exec timeout 2 '\(command)' \(arguments)"])
    // 127: not even the loader has room. 124: it has served until it was ended.
    #expect([0, 64, 74, 124, 127].contains(result.exitCode), "\(result.exitCode) \(result.errors)")
    #expect(!result.errors.isEmpty)
  }

  @Test("a file that is cut short while it is in use ends the run with a message")
  func cutShort() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(bytes(MediumModel.path.get()), to: "cut.thimble")
    // The first answer proves that the file is open; then it loses all but its beginning.
    let script = """
      coproc T { '\(command)' fill-mask '\(path)' --memory 20M --json 2>'\(folder("errors"))'; }
      pid=$T_PID
      echo '\(Self.text)' >&${T[1]}
      read -r answer <&${T[0]}
      truncate -s 4096 '\(path)'
      echo '\(Self.text)' >&${T[1]}
      wait $pid
      echo "code $?"
      """
    let result = try ChildProcess("bash", ["-c", script])
    #expect(result.output == "code 74\n", "\(result.errors)")
    let errors = try String(decoding: bytes(folder("errors")), as: UTF8.self)
    #expect(errors.contains("cut short"), "\(errors)")
  }
}

@Suite("Memory is tied to what a file holds")
struct InflatedFileTests {
  let folder = TemporaryFolder()

  /// A model whose table of positions and vocabulary are zeros in fp32, which compress to next to nothing.
  func zeros(positions: Int, vocabulary: Int) throws -> String {
    var parts = try FileParts(tokenizer: [], vocabularySize: 700, languages: ["a", "b"])
    parts.set("max_position_embeddings", to: JSONValue(positions))
    parts.set("vocab_size", to: JSONValue(vocabulary))
    let encoder = try ChunkEncoder(largestChunk: 1 << 18, kernels: .best)
    let buffer = try ChunkEncoder.makeBuffer(largestChunk: 1 << 18)
    for (name, rows, columns) in [
      ("transformer.position_embeddings.weight", positions, 64),
      ("transformer.embeddings.weight", vocabulary, 64),
      ("pred_layer.proj.bias", nil, vocabulary),
    ] as [(String, Int?, Int)] {
      let shape = TensorShape.f32(name: name, rows: rows, columns: columns)
      var tensor = FileParts.Tensor(shape)
      for chunk in 0..<shape.chunkCount {
        let count = shape.codesSize(ofChunk: chunk)
        let encoded = try encoder.encode(
          codes: AlignedArray(count: count), count: count, scaleCodes: nil, count: 0, into: buffer)
        tensor.chunks.append(
          FileParts.Chunk(
            codes: ByteView(encoded.bytes)[0..<encoded.size].bytes(),
            codesEncoding: encoded.codesEncoding.rawValue))
      }
      parts[name] = tensor
    }
    return try folder.write(parts.bytes(), to: "zeros.thimble")
  }

  @Test("a matrix in fp32 is held once, and counted as it is held")
  func heldOnce() throws {
    // 61 MB of token embeddings, beside which the rest of the process is small.
    let path = try zeros(positions: 96, vocabulary: 240_000)
    func peak(_ memory: String) throws -> Int {
      let command = "'\(command)' fill-mask '\(path)' --ids --json --memory \(memory)"
      let script = """
        import resource, subprocess
        print(subprocess.run("echo '[1, 5, 1]' | \(command)", shell=True).returncode)
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        """
      let result = try ChildProcess("python3", ["-c", script])
      let lines = result.output.split(separator: "\n")
      #expect(lines.count > 1 && lines[lines.count - 2] == "0", "\(result.errors)")
      return (Int(lines.last ?? "") ?? .max) << 10
    }
    #expect(try peak("112M") < 125_000_000)
    let refused = try thimble("fill-mask", path, "--ids", "--memory", "48M", input: "[1, 5, 1]\n")
    #expect(refused.exitCode == 64, "\(refused.errors)")
    #expect(refused.errors.contains("at least"))
  }

  @Test("a small file that asks for much is refused, unless somebody trusts it")
  func inflated() throws {
    let path = try zeros(positions: 1 << 20, vocabulary: 700)
    let refused = try thimble("fill-mask", path, "--ids", input: "[1, 5, 1]\n")
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("justifies"), "\(refused.errors)")
    #expect(try thimble("plan", path, "--memory", "400M").exitCode == 0)
  }
}
