import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("Conversion that learns from text, and what it cannot do")
struct CalibrationTests {
  let folder = TemporaryFolder()
  private let text = repository("Tests/ThimbleEvaluationTests/Fixtures/text")

  /// A few sentences: what the command does with them takes its time in a debug build.
  private func sentences(_ range: Range<Int> = 0..<8) throws -> String {
    let all = String(decoding: try bytes(text + "/de.txt"), as: UTF8.self)
    let lines = all.split(separator: "\n")[range].joined(separator: "\n")
    return try folder.write(Array(lines.utf8), to: "de.txt")
  }

  private func expect(
    _ result: ChildProcess, exitCode: Int32, _ parts: String...,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(result.exitCode == exitCode, "\(result.errors)", sourceLocation: location)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: location)
    }
  }

  /// The mean divergence of `path` on some sentences.
  private func divergence(_ path: String, _ arguments: String...) throws -> Double {
    let result = try ChildProcess(
      command,
      [
        "evaluate", path, "--reference", smallCheckpoint, "--text", folder("de.txt"), "--no-split",
        "--json",
      ] + arguments)
    #expect(result.exitCode == 0, "\(result.errors)")
    let json = try JSONValue(parsing: Array(result.output.utf8))
    return try #require(json["overall"]?["both"]?["divergence"]?["mean"]?.double)
  }

  @Test("random tokens and text make a file of the same size lose less; so do int16 activations")
  func calibrate() throws {
    let plain = folder("plain.thimble")
    let random = folder("random.thimble")
    let calibrated = folder("calibrated.thimble")
    let sentences = try sentences()
    expect(try thimble("convert", smallCheckpoint, "-o", plain, "--bits", "5.5"), exitCode: 0)
    expect(
      try thimble(
        "convert", smallCheckpoint, "-o", random, "--bits", "5.5", "--calibrate-randomly"),
      exitCode: 0)
    expect(
      try thimble(
        "convert", smallCheckpoint, "-o", calibrated, "--bits", "5.5", "--calibrate", sentences),
      exitCode: 0)
    expect(try thimble("verify", calibrated), exitCode: 0)
    let loss = try divergence(plain)
    #expect(try divergence(random) < 0.85 * loss)
    let calibratedLoss = try divergence(calibrated)
    #expect(calibratedLoss < 0.85 * loss)
    #expect(try divergence(calibrated, "--activations", "int16") < calibratedLoss)
    #expect(
      folder.names.sorted() == [
        "calibrated.thimble", "de.txt", "plain.thimble", "random.thimble",
      ])
  }

  @Test("--max-kl finds a small file that stays under the limit, or says that there is none")
  func limit() throws {
    let path = folder("small.thimble")
    let sentences = try sentences()
    let result = try thimble(
      "convert", smallCheckpoint, "-o", path, "--max-kl", "0.02", "--calibrate", sentences, "--json"
    )
    expect(result, exitCode: 0, "bits per weight: mean KL")
    let json = try JSONValue(parsing: Array(result.output.utf8))
    let bits = try #require(json["bitsPerWeight"]?.double)
    #expect((3...5.5).contains(bits), "\(bits)")
    let refused = try thimble(
      "convert", smallCheckpoint, "-o", folder("no.thimble"), "--max-kl", "1e-9", "--calibrate",
      sentences)
    expect(refused, exitCode: 64, "--max-kl 1e-09", "differ more")
    #expect(folder.names.sorted() == ["de.txt", "small.thimble"])
    // The limit holds on the second half of the text; the first was learnt from.
    _ = try self.sentences(4..<8)
    #expect(try divergence(path) < 0.02)
  }

  @Test("options that do not go together, and texts that are none")
  func usage() throws {
    let output = folder("x.thimble")
    func convert(_ arguments: String...) throws -> ChildProcess {
      try ChildProcess(command, ["convert", smallCheckpoint, "-o", output] + arguments)
    }
    expect(
      try convert("--calibrate", text, "--calibrate-randomly"), exitCode: 64, "exclude each other")
    expect(try convert("--max-kl", "0.001"), exitCode: 64, "--max-kl needs --calibrate")
    expect(try convert("--max-kl", "0", "--calibrate", text), exitCode: 64, "above 0")
    expect(try convert("--calibrate", folder("none.txt")), exitCode: 66, "none.txt")
    let blank = try folder.write(Array("\n \n".utf8), to: "de.txt")
    expect(try convert("--calibrate", blank), exitCode: 66, "every line is empty")
    let special = try folder.write(Array("<pad> </s>\n".utf8), to: "en.txt")
    expect(try convert("--calibrate", special), exitCode: 65, "can be masked")
    #expect(folder.names.sorted() == ["de.txt", "en.txt"])
  }

  @Test("a path that cannot be written shows before anything is computed")
  func unwritable() throws {
    let calibration = try thimble(
      "convert", smallCheckpoint, "-o", folder("no/such.thimble"), "--calibrate", text)
    expect(calibration, exitCode: 74, "such.thimble")
    #expect(!calibration.errors.contains("Calibrating"))
    for arguments in [["--text", text], ["--task", "sts", "--data", text]] {
      let page = try ChildProcess(
        command,
        [
          "evaluate", SmallModel.path, "--reference", smallCheckpoint, "--html",
          folder("no/page.html"),
        ] + arguments)
      expect(page, exitCode: 74, "page.html")
    }
  }

  @Test("evaluations of what does not belong together, has no text, or no such labels")
  func evaluate() throws {
    func evaluate(_ reference: String, _ arguments: String...) throws -> ChildProcess {
      try ChildProcess(
        command, ["evaluate", SmallModel.path, "--reference", reference] + arguments)
    }
    expect(
      try evaluate(tinyCheckpoint, "--text", text), exitCode: 65, "\"emb_dim\" is 192",
      "in the reference")
    let special = try folder.write(Array("<pad> </s>\n".utf8), to: "en.txt")
    expect(
      try evaluate(smallCheckpoint, "--text", special), exitCode: 65, "token that can be masked")
    expect(try evaluate(smallCheckpoint, "--text", folder("no.txt")), exitCode: 66, "no.txt")
    let columns = try folder.write(
      Array("language\tgold\tsentence1\tsentence2\nen\tneutral\ta\tb\n".utf8), to: "xnli.tsv")
    expect(
      try evaluate(smallCheckpoint, "--task", "xnli", "--data", columns), exitCode: 65,
      "\"gold_label\"", "language, gold, sentence1, sentence2")
    let label = try folder.write(Array("a\tb\tmaybe\n".utf8), to: "dev-en.tsv")
    expect(
      try evaluate(smallCheckpoint, "--task", "xnli", "--data", label), exitCode: 65, "maybe",
      "entailment")
    expect(
      try thimble("fill-mask", smallCheckpoint, "a <mask>", "--activations", "int16"), exitCode: 64,
      "runs in fp32")
  }

  @Test("a task can be a page, and its report names what activations were rounded to")
  func taskPage() throws {
    let data = try folder.write(
      Array("A dog barks.,A dog is barking.,4.6\nA man eats.,The sky is blue.,0.2\n".utf8),
      to: "stsb-en-dev.csv")
    let result = try thimble(
      "evaluate", SmallModel.path, "--reference", smallCheckpoint, "--task", "sts", "--data", data,
      "--html", folder("page.html"), "--json", "--activations", "int16")
    expect(result, exitCode: 0)
    let json = try JSONValue(parsing: Array(result.output.utf8))
    #expect(json["file"]?["activations"] == "int16")
    let page = String(decoding: try bytes(folder("page.html")), as: UTF8.self)
    #expect(page.contains("<svg") && page.contains("with int16 activations"))
  }
}
