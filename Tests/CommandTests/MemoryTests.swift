import Testing
import ThimbleTestSupport

/// A synthetic model large enough for budgets to matter: 26 M weights.
enum MediumModel {
  static let folder = TemporaryFolder()
  /// nil, with the reason, if it cannot be made here.
  static let path: Result<String, Reason> = {
    let python = ChildProcess.environment("THIMBLE_PYTHON") ?? "python3"
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

  @Test("a memory cgroup that is smaller than the weights is enough", arguments: [12, 16, 24])
  func cgroup(megabytes: Int) throws {
    let model = try MediumModel.path.get()
    let result = try ChildProcess(
      repository("Tools/in-cgroup"),
      ["\(megabytes)M", "--", command, "fill-mask", model, Self.text, "--json"])
    // 77: cgroups cannot be made here.
    guard result.exitCode != 77 else { return }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(try result.output == thimble("fill-mask", model, Self.text, "--json").output)
  }

  @Test("memory that the system refuses is an error, not a crash")
  func allocation() throws {
    let model = try MediumModel.path.get()
    let result = try ChildProcess(
      "sh",
      [
        "-c",
        "ulimit -v 200000; exec timeout 60 \(command) fill-mask \(model) '\(Self.text)' --memory 64M",
      ])
    #expect([0, 74].contains(result.exitCode), "\(result.errors)")
  }

  @Test("a file that is cut short while it is in use ends the run with a message")
  func cutShort() throws {
    let folder = TemporaryFolder()
    let path = try folder.write(bytes(MediumModel.path.get()), to: "cut.thimble")
    // The first answer proves that the file is open; then it loses its second half.
    let script = """
      { echo '\(Self.text)'; sleep 2; truncate -s 4096 '\(path)'; echo '\(Self.text)'; } \
      | '\(command)' fill-mask '\(path)' --memory 20M --json; echo "code $?"
      """
    let result = try ChildProcess("bash", ["-c", script])
    #expect(result.output.hasSuffix("code 74\n"), "\(result.output)")
    #expect(result.errors.contains("cut short"))
  }
}
