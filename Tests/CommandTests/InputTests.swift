import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("What options say about texts and ids is done, refused, or warned of")
struct InputTests {
  static let folder = repository("Tests/CommandTests/Fixtures/answered/")
  let masked = folder + "masked"
  let languages = folder + "languages"
  let classifier = folder + "language-classifier"
  let small = SmallModel.path

  func numbers(_ result: ChildProcess, _ count: Int = 4) throws -> [Double] {
    #expect(result.exitCode == 0, "\(result.errors)")
    let list = try JSONValue(parsing: Array(result.output.utf8)).array ?? []
    return list.prefix(count).compactMap(\.double)
  }

  func expect(
    _ found: [Double], _ right: [Double], location: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == right.count, sourceLocation: location)
    for (a, b) in zip(found, right) { #expect(abs(a - b) < 2e-4, sourceLocation: location) }
  }

  // Right values: transformers 4.57.6.

  @Test(
    "classify --ids has the language, the convention and the types",
    arguments: [
      ("--lang de", [0.1745, 0.4248, 0.4008]), ("--lang en", [0.0868, 0.6641, 0.2491]),
      ("--compat hf", [0.0633, 0.7647, 0.1720]), ("--token-types", [0.0633, 0.7647, 0.1720]),
      ("", [0.0578, 0.8488, 0.0934]),
    ])
  func classification(options: String, right: [Double]) throws {
    let arguments = options.split(separator: " ").map(String.init)
    let result = try ChildProcess(
      command, ["classify", classifier, "--ids", "--json", "[1,20,45,148,14,100,1]"] + arguments)
    #expect(result.exitCode == 0, "\(result.errors)")
    let scores = try #require(JSONValue(parsing: Array(result.output.utf8)).array)
    let byLabel = scores.sorted { ($0["label"]?.string ?? "") < ($1["label"]?.string ?? "") }
    expect(byLabel.compactMap { $0["score"]?.double }, right)
    // A model that knows languages says so where none is named, once.
    #expect(result.errors.contains("--lang") == !options.hasPrefix("--lang"))
  }

  @Test("embed --ids has the language, and is cut on request")
  func embedding() throws {
    let ids = "[1, 20, 45, 5, 148, 14, 100, 1]"
    func vector(_ language: String) throws -> [Double] {
      try numbers(
        thimble("embed", languages, "--ids", "--no-normalize", "--lang", language, ids))
    }
    expect(try vector("en"), [-0.29313, 1.19845, 1.15934, -1.19789])
    expect(try vector("de"), [0.33686, 0.84050, 0.29158, -2.91500])
    let long = "\([1] + [Int](repeating: 20, count: 100) + [1])"
    let short = "\([1] + [Int](repeating: 20, count: 62) + [1])"
    let refused = try thimble("embed", languages, "--ids", "--lang", "en", long)
    #expect(refused.exitCode == 65 && refused.errors.contains("102 tokens"))
    let cut = try thimble("embed", languages, "--ids", "--lang", "en", "--truncate", long)
    #expect(cut.exitCode == 0)
    #expect(try cut.output == thimble("embed", languages, "--ids", "--lang", "en", short).output)
  }

  @Test("padding in a list of ids is no word, wherever it stands")
  func padding() throws {
    func vector(_ ids: String) throws -> ChildProcess {
      try thimble("embed", masked, "--ids", "--no-normalize", ids)
    }
    let plain = try vector("[1,20,45,5,148,1]")
    expect(try numbers(plain, 3), [0.54526, 0.60237, 0.82094])
    #expect(try vector("[1,20,45,5,148,1,2,2,2,2]").output == plain.output)
    // Others keep their positions, as under an attention mask (these from the formulas, in double precision).
    expect(try numbers(vector("[2,2,1,20,45,5,148,1]"), 3), [0.08027, 0.01522, 0.13367])
    expect(try numbers(vector("[1,20,2,2,45,5,2,148,1]"), 3), [0.93174, -0.33534, -0.04746])
    let filled = try thimble(
      "fill-mask", masked, "--ids", "--json", "--top", "1", "[1,20,45,5,148,1,2,2,2,2]")
    let best = try #require(JSONValue(parsing: Array(filled.output.utf8)).array?.first)
    #expect(best["token"]?.int == 366)
    #expect(abs((best["score"]?.double ?? 0) - 0.26444) < 2e-5)
    // As many as fit count, however many stand behind them.
    let padded = "\([1, 20, 45, 5, 148, 1] + [Int](repeating: 2, count: 1000))"
    #expect(try vector(padded).output == plain.output)
  }

  @Test(
    "options of which one would have no effect are refused",
    arguments: [
      ["fill-mask", "SMALL", "a <mask>", "--lang", "fr", "--compat", "hf"],
      ["embed", "SMALL", "[1,20,1]", "--ids", "--lang", "fr"],
      ["embed", "SMALL", "a", "b", "--cosine", "--no-normalize"],
      ["embed", "SMALL", "a", "--cosine"],
      ["tokenize", "SMALL", "a", "--mode", "hf", "--compat", "hf"],
      ["tokenize", "SMALL", "a", "--lang", "fr", "--compat", "hf"],
      ["tokenize", "SMALL", "a", "--skip-special"],
      ["tokenize", "SMALL", "[1]", "--decode", "--lang", "fr"],
      ["tokenize", "SMALL", "a", "--measure"],
    ])
  func conflicts(arguments: [String]) throws {
    let result = try ChildProcess(command, arguments.map { $0 == "SMALL" ? small : $0 })
    #expect(result.exitCode == 64 && result.output.isEmpty, "\(arguments) \(result.errors)")
  }

  @Test(
    "tokenize shows what fill-mask reads", arguments: [[], ["--lang", "tr"], ["--compat", "hf"]])
  func sameTokens(options: [String]) throws {
    let texts = "Bu çok güzel bir <mask>.\n他在<mask>京出生。\n[MASK]'s \t b.\n"
    let tokens = try ChildProcess(
      command, ["tokenize", small, "--json"] + options, input: texts)
    let ids = try tokens.output.split(separator: "\n").map {
      try #require(JSONValue(parsing: Array($0.utf8))["ids"]).text() + "\n"
    }.joined()
    #expect(ids.contains(",5,"))
    let fill = ["fill-mask", small, "--json", "--top", "3"]
    let compat = options.contains("hf") ? options : []
    func scores(_ result: ChildProcess) throws -> [JSONValue?] {
      try result.output.split(separator: "\n").flatMap {
        try JSONValue(parsing: Array($0.utf8)).array?.map { $0["score"] } ?? []
      }
    }
    let fromText = try ChildProcess(command, fill + options, input: texts)
    let fromIDs = try ChildProcess(command, fill + compat + ["--ids"], input: ids)
    #expect(try scores(fromText) == scores(fromIDs) && fromText.exitCode == 0)
  }

  @Test("a text that the vocabulary lacks is warned of once")
  func unknown() throws {
    let text = "\u{10330}\u{10331} \u{10332}\u{10333} \u{10334}\n"
    for command in ["tokenize", "embed"] {
      let result = try thimble(command, small, input: "a\n" + text + text)
      #expect(result.exitCode == 0)
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(result.errors.contains("line 2:") && result.errors.contains("<unk>"))
    }
  }

  @Test("a target of several tokens is named with the piece that is scored for it")
  func replacedTarget() throws {
    let result = try thimble(
      "fill-mask", small, "la <mask> de", "--targets", "porte</w>,Donaudampfschiff", "--json")
    #expect(
      result.exitCode == 0 && result.errors.contains("\"Donaudampfschiff\" is not a single token"))
    let fillings = try #require(JSONValue(parsing: Array(result.output.utf8)).array)
    #expect(fillings.compactMap { $0["target"]?.string } == ["Donaudampfschiff"])
    let table = try thimble("fill-mask", small, "la <mask> de", "--targets", "Donaudampfschiff")
    #expect(table.output.contains("(for Donaudampfschiff)"))
    #expect(!table.output.contains(" 0.0 %"))
  }

  @Test("a mask that would be cut off is an error")
  func cutMask() throws {
    let text = "<mask> " + String(repeating: "wort ", count: 600)
    #expect(try thimble("fill-mask", small, "--truncate", text).exitCode == 0)
    let result = try thimble("fill-mask", small, "--truncate", text + "<mask>")
    #expect(result.exitCode == 65 && result.errors.contains("lose 1 of its masks"))
  }

  @Test("a text is cut from the side that one names, which must have an effect")
  func truncationSide() throws {
    let text = "<mask> " + String(repeating: "wort ", count: 600)
    let left = try thimble("fill-mask", small, "--truncate", "--truncation-side", "left", text)
    #expect(left.exitCode == 65 && left.errors.contains("lose 1 of its masks"))
    let end = try thimble(
      "fill-mask", small, "--truncate", "--truncation-side", "left",
      String(repeating: "wort ", count: 600) + "<mask>")
    #expect(end.exitCode == 0)
    for command in ["embed", "fill-mask", "score"] {
      let result = try thimble(command, small, "--truncation-side", "left", "a <mask>")
      #expect(result.exitCode == 64 && result.errors.contains("without --truncate"))
    }
  }

  @Test("vectors have length 1 unless raw ones are asked for, and -v speaks everywhere")
  func normalized() throws {
    let vector = try numbers(thimble("embed", small, "a house"), 1 << 20)
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    let raw = try numbers(thimble("embed", small, "a house", "--no-normalize"), 1 << 20)
    #expect(abs(raw.reduce(0) { $0 + $1 * $1 } - 1) > 1e-3)
    for arguments in [
      ["embed", small, "a", "-v"], ["classify", classifier, "--lang", "en", "a", "-v"],
    ] {
      let result = try ChildProcess(command, arguments)
      #expect(result.exitCode == 0 && result.errors.contains("private memory"))
    }
    let cosine = try thimble("embed", small, "a", "a", "--cosine", "--json")
    #expect(
      abs((try JSONValue(parsing: Array(cosine.output.utf8))["cosine"]?.double ?? 0) - 1) < 1e-6)
    #expect(try thimble("embed", small, "--cosine", input: "a\n").exitCode == 64)
  }

  @Test("values that are not finite are an error that names the text")
  func notFinite() throws {
    for (name, arguments) in [
      ("masked", ["embed"]), ("masked", ["fill-mask", "--json"]),
      ("language-classifier", ["classify", "--json", "--lang", "en"]),
    ] {
      let folder = try Self.damaged(name)
      let result = try ChildProcess(
        command, arguments + [folder.path], input: "a <mask>\nb <mask>\n")
      #expect(result.exitCode == 65, "\(result.errors)")
      #expect(result.errors.contains("line 2:") && result.errors.contains("not finite"))
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("{\"error\":") })
    }
  }

  /// The checkpoint `name` with NaN for its last weights.
  static func damaged(_ name: String) throws -> TemporaryFolder {
    let copy = TemporaryFolder()
    for file in ["config.json", "vocab.json", "merges.txt"] {
      _ = try copy.write(bytes(folder + name + "/" + file), to: file)
    }
    var weights = try bytes(folder + name + "/model.safetensors")
    for index in weights.indices.suffix(64 * 4 * 64) { weights[index] = 0xFF }
    _ = try copy.write(weights, to: "model.safetensors")
    return copy
  }

  @Test("labels and tokens of a file steer no terminal")
  func foreignText() throws {
    let copy = TemporaryFolder()
    for file in ["vocab.json", "merges.txt", "model.safetensors"] {
      _ = try copy.write(bytes(classifier + "/" + file), to: file)
    }
    var config = try #require(json(classifier + "/config.json").object)
    config.set("id2label", to: ["0": "\u{1B}[31mred", "1": "a\nb", "2": "\u{202E}c"])
    config.set("label2id", to: ["\u{1B}[31mred": 0, "a\nb": 1, "\u{202E}c": 2])
    _ = try copy.write(Array(JSONValue.object(config).text().utf8), to: "config.json")
    let table = try thimble("classify", copy.path, "--lang", "en", "x\u{1B}[0my")
    #expect(table.exitCode == 0, "\(table.errors)")
    #expect(table.output.split(separator: "\n").count == 4)
    for escape in ["x\\u{1B}[0my", "\\u{1B}[31mred", "a\\nb", "\\u{202E}c"] {
      #expect(table.output.contains(escape))
    }
    let line = try thimble("classify", copy.path, "--lang", "en", "--json", "x")
    #expect(!line.output.unicodeScalars.contains("\u{1B}"))
    #expect(!line.output.unicodeScalars.contains("\u{202E}"))
    let path = try thimble("embed", "no\u{1B}[31m" + String(repeating: "x", count: 5000), "a")
    #expect(path.errors.contains("\\u{1B}[31m") && path.errors.utf8.count < 500)
    let usage = try thimble("embed", small, "--no\u{1B}such")
    #expect(usage.exitCode == 64 && usage.errors.contains("\\u{1B}"))
  }

  @Test("memory that the system refuses for a long line is an error, not a trap")
  func refusedMemory() throws {
    let folder = TemporaryFolder()
    let line = [UInt8](repeating: 0x61, count: 4 << 20)
    let input = try folder.write(line, to: "input")
    let result = try ChildProcess(
      "sh", ["-c", "ulimit -v 300000; exec \(command) tokenize \(small) --json < \(input)"])
    #expect(result.exitCode == 74, "\(result.errors)")
    #expect(result.output.hasPrefix("{\"error\":\"The system refused"))
  }

  @Test("a model of numbered languages takes their numbers")
  func numberedLanguages() throws {
    let folder = TemporaryFolder()
    for name in ["model.safetensors", "vocab.json", "merges.txt"] {
      _ = try folder.write(bytes(languages + "/" + name), to: name)
    }
    let config = try #require(json(languages + "/config.json").object)
    let members = config.filter { !["lang2id", "id2lang"].contains($0.key) }
    let text = JSONValue.object(JSONObject(uniqueEntries: members.map { ($0.key, $0.value) }))
      .text()
    _ = try folder.write(Array(text.utf8), to: "config.json")
    let ids = "[1, 20, 45, 5, 148, 14, 100, 1]"
    let byNumber = try thimble("embed", folder.path, "--ids", "--lang", "1", ids)
    #expect(byNumber.exitCode == 0, "\(byNumber.errors)")
    #expect(try byNumber.output == thimble("embed", languages, "--ids", "--lang", "en", ids).output)
    let beyond = try thimble("embed", folder.path, "--ids", "--lang", "3", ids)
    #expect(beyond.exitCode == 65 && beyond.errors.contains("0 to 2"))
  }
}
