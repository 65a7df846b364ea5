import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("Bad input: a clear message, the right exit code, nothing left behind")
struct BadInputTests {
  let folder = TemporaryFolder()

  func expect(
    _ result: ChildProcess, exitCode: Int32, _ parts: String...,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.exitCode == exitCode, "\(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
    }
  }

  @Test("a model that is not there")
  func missing() throws {
    expect(
      try thimble("fill-mask", folder("none.thimble"), "a <mask>"), exitCode: 66, "none.thimble",
      "No such file")
    expect(try thimble("convert", folder("none"), "-o", folder("a.thimble")), exitCode: 66, "none")
    expect(try thimble("verify", folder.path), exitCode: 66, folder.path)
    let pipe = folder("pipe")
    #expect(try ChildProcess("mkfifo", [pipe]).exitCode == 0)
    for command in ["embed", "inspect", "tokenize"] {
      expect(try thimble(command, pipe), exitCode: 66, "pipe")
    }
  }

  @Test(
    "a file that lies or is damaged where no weights are, to every command",
    arguments: [
      ("tokens-beyond-vocabulary", "tokenizer and configuration disagree"),
      ("damaged-configuration", "configuration: the checksum"),
    ])
  func lies(name: String, message: String) throws {
    let path = fixture("\(name).thimble")
    for arguments in [
      ["verify", path], ["inspect", path], ["plan", path], ["tokenize", path, "a"],
      ["fill-mask", path, "a <mask>", "--targets", "dogs"], ["embed", path, "a"],
      ["classify", path, "a"],
    ] { expect(try ChildProcess(command, arguments), exitCode: 65, name, message) }
  }

  @Test("wrong usage")
  func usage() throws {
    expect(try thimble("fill-mask"), exitCode: 64, "Usage")
    expect(
      try thimble("fill-mask", SmallModel.path, "a <mask>", "--top", "0"), exitCode: 64, "--top")
    expect(
      try thimble("convert", smallCheckpoint, "-o", "x", "--bits", "6", "--size", "1MB"),
      exitCode: 64, "--bits")
    expect(
      try thimble("fill-mask", SmallModel.path, "a <mask>", "--memory", "1M"), exitCode: 64,
      "at least")
    let isa = try ChildProcess(
      command, ["fill-mask", SmallModel.path, "a <mask>"], environment: ["THIMBLE_ISA": "mmx"])
    expect(isa, exitCode: 64, "mmx", "portable")
  }

  @Test("a file of another kind, and a truncated one")
  func foreign() throws {
    let text = try folder.write(Array("hello, this is text".utf8), to: "text.thimble")
    expect(try thimble("inspect", text), exitCode: 65, "text.thimble", "not a .thimble file")
    let good = try bytes(SmallModel.path)
    let short = try folder.write(Array(good.prefix(good.count / 2)), to: "short.thimble")
    expect(try thimble("fill-mask", short, "a <mask>"), exitCode: 65, "truncated", "\(good.count)")
    let empty = try folder.write([], to: "empty.thimble")
    expect(try thimble("verify", empty), exitCode: 65, "an empty file")
  }

  @Test("verify names the damaged tensor; a run that meets the damage stops with the same name")
  func damage() throws {
    var damaged = try bytes(SmallModel.path)
    damaged[damaged.count / 2] ^= 1
    let path = try folder.write(damaged, to: "damaged.thimble")
    expect(try thimble("verify", path), exitCode: 65, "transformer.", "checksum")
    expect(try thimble("verify", SmallModel.path), exitCode: 0)
    expect(try thimble("fill-mask", path, "a <mask>"), exitCode: 65, "checksum")
  }

  @Test("texts that cannot be worked on: each line gets its message, the others their answer")
  func texts() throws {
    expect(try thimble("fill-mask", SmallModel.path, "no gap here"), exitCode: 65, "no mask")
    let long = String(repeating: "wort ", count: 600) + "<mask>"
    expect(
      try thimble("fill-mask", SmallModel.path, long), exitCode: 65, "at most 512", "--truncate")
    let stream = try ChildProcess(
      command, ["fill-mask", SmallModel.path, "--json"], input: "a <mask>\nno gap\nb <mask>\n")
    expect(stream, exitCode: 65, "line 2")
    #expect(stream.output.split(separator: "\n").count == 3)
    let ids = try ChildProcess(
      command, ["fill-mask", SmallModel.path, "--ids"],
      input: "[1, 5, 99999999, 1]\n{}\n[1, \"a\"]\n")
    expect(ids, exitCode: 65, "99999999", "line 2", "line 3")
  }

  @Test("a text that is too long is cut on request")
  func truncate() throws {
    let long = "<mask> " + String(repeating: "wort ", count: 600)
    let result = try thimble("fill-mask", SmallModel.path, long, "--truncate", "--json")
    #expect(result.exitCode == 0, "\(result.errors)")
  }

  @Test("a target that cannot be written is reported before the work, and nothing is left")
  func unwritable() throws {
    expect(
      try thimble("convert", smallCheckpoint, "-o", folder("no/such/folder.thimble")), exitCode: 74,
      "folder.thimble")
    expect(try thimble("convert", smallCheckpoint, "-o", "/dev/null"), exitCode: 74, "/dev/null")
    #expect(folder.names.isEmpty)
  }

  @Test("weights that are not finite are named with tensor, row and column")
  func notFinite() throws {
    let checkpoint = try TinyCheckpoint(lowercase: false)
    var weights = try bytes(checkpoint.path + "/model.safetensors")
    // The last four bytes of the data are the last weight of the last tensor.
    weights.replaceSubrange(weights.count - 4..<weights.count, with: [0, 0, 0xC0, 0x7F])
    let config = try bytes(checkpoint.path + "/config.json")
    _ = try folder.write(config, to: "config.json")
    _ = try folder.write(weights, to: "model.safetensors")
    expect(
      try thimble("convert", folder.path, "-o", folder("a.thimble"), "--bits", "14"), exitCode: 65,
      "transformer.", "row", "column", "nan")
    #expect(!folder.names.contains("a.thimble"))
  }

  @Test("a closed pipe ends the stream with an error, not with a signal")
  func closedPipe() throws {
    let result = try ChildProcess(
      "sh", ["-c", "\(command) fill-mask \(SmallModel.path) --json 2>&1 >/dev/full; echo $?"],
      input: "a <mask>\n")
    #expect(result.output.hasSuffix("74\n"), "\(result.output)")
  }
}
