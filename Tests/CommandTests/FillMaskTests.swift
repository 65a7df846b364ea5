import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("thimble fill-mask")
struct FillMaskTests {
  let model = SmallModel.path

  func tokens(_ line: Substring) throws -> [String] {
    try #require(JSONValue(parsing: Array(line.utf8)).array).compactMap { $0["token_str"]?.string }
  }

  @Test("knows what the small model learned, in several languages, from file and checkpoint alike")
  func knowledge() throws {
    let sentences = """
      Elle a ouvert la <mask> de la maison.
      Bu çok güzel bir [MASK].
      他在<special1>京出生。

      """
    for path in [model, smallCheckpoint] {
      let result = try thimble("fill-mask", path, "--json", input: sentences)
      #expect(result.exitCode == 0 && result.errors.isEmpty)
      let lines = try result.output.split(separator: "\n").map(tokens)
      #expect(lines.count == 3)
      #expect(lines[0].first == "porte")
      #expect(lines[1].first == "şey")
      #expect(Set(lines[2].prefix(3)) == ["东", "南", "北"])
    }
  }

  @Test("answers line by line, in order")
  func streaming() throws {
    let result = try thimble(
      "fill-mask", model, "--json", "--top", "1", input: "a <mask> b\nc <mask> d <mask>\n")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2)
    // One mask: a list of fillings. Two: a list of such lists.
    #expect(try JSONValue(parsing: Array(lines[0].utf8)).array?.first?["score"]?.double != nil)
    #expect(try JSONValue(parsing: Array(lines[1].utf8)).array?.compactMap(\.array).count == 2)
  }

  @Test("--ids gives what the same tokens give as text")
  func ids() throws {
    let ids = try #require(
      json(smallCheckpoint + "/expected.json")["cases"]?.array?.first?["ids"]
    ).ints
    let result = try thimble("fill-mask", smallCheckpoint, "--ids", "--json", input: "\(ids)\n")
    #expect(try tokens(result.output[...])[0] == "hand")
  }

  @Test("--targets picks after the softmax over all tokens")
  func targets() throws {
    let all = try thimble("fill-mask", model, "--json", "--top", "1000", "la <mask> de")
    let some = try thimble(
      "fill-mask", model, "--json", "--targets", "maison</w>,porte</w>", "la <mask> de")
    func scores(_ result: ChildProcess) throws -> [String: Double] {
      let list = try #require(JSONValue(parsing: Array(result.output.utf8)).array)
      return Dictionary(
        list.compactMap { item in
          (item["token_str"]?.string).flatMap { key in item["score"]?.double.map { (key, $0) } }
        }, uniquingKeysWith: { first, _ in first })
    }
    let picked = try scores(some)
    #expect(picked.count == 2)
    for (token, score) in picked { #expect(try scores(all)[token] == score) }
  }

  @Test("any thread count, memory budget and ISA print the same")
  func sameAnswer() throws {
    let text = "She opened the door and <mask> into the room."
    let expected = try thimble("fill-mask", model, "--json", text).output
    for arguments in [["--threads", "1"], ["--threads", "7"], ["--memory", "20M"]] {
      let result = try ChildProcess(command, ["fill-mask", model, "--json", text] + arguments)
      #expect(result.output == expected, "\(arguments)")
    }
    let portable = try ChildProcess(
      command, ["fill-mask", model, "--json", text], environment: ["THIMBLE_ISA": "portable"])
    #expect(portable.output == expected)
  }

  @Test("--compat hf gives what Hugging Face's pipeline gives", arguments: [false, true])
  func huggingFace(lowercase: Bool) throws {
    let folder = try TinyCheckpoint(lowercase: lowercase)
    let goldens = try #require(json(fixture("expected_pipelines.json"))["fill_mask"]?.array)
      .filter { $0["lowercase"]?.bool == lowercase }
    #expect(!goldens.isEmpty)
    for golden in goldens {
      let top = golden["args"]?["top_k"]?.int ?? 5
      var arguments = ["fill-mask", folder.path, "--compat", "hf", "--json", "--top", "\(top)"]
      if let targets = golden["args"]?["targets"]?.array?.compactMap(\.string) {
        arguments += ["--targets", targets.joined(separator: ",")]
      }
      let result = try ChildProcess(command, arguments + [try #require(golden["text"]?.string)])
      #expect(result.exitCode == 0, "\(result.errors)")
      try expectSame(
        JSONValue(parsing: Array(result.output.utf8)), try #require(golden["result"]))
    }
  }

  @Test("a language that nobody knows is refused, one without its dictionary is warned of once")
  func languages() throws {
    let unknown = try thimble("fill-mask", SmallModel.path, "--lang", "english", "a <mask>")
    #expect(unknown.exitCode == 65)
    #expect(unknown.errors.contains("\"english\"") && unknown.errors.contains("en"))
    let chinese = try thimble("fill-mask", SmallModel.path, "--lang", "zh", "a <mask>", "b <mask>")
    #expect(chinese.exitCode == 0)
    #expect(chinese.errors.split(separator: "\n").count == 1)
    #expect(chinese.errors.contains("dictionary"))
  }

  /// Items equal to those of the pipeline; scores to within what fp32 sums in another order may differ by.
  func expectSame(_ found: JSONValue, _ golden: JSONValue) throws {
    let (items, wanted) = (try #require(found.array), try #require(golden.array))
    #expect(items.count == wanted.count)
    for (item, want) in zip(items, wanted) {
      if want.array != nil {
        try expectSame(item, want)
        continue
      }
      #expect(item["token"]?.int == want["token"]?.int)
      #expect(item["token_str"]?.string == want["token_str"]?.string)
      #expect(item["sequence"]?.string == want["sequence"]?.string)
      #expect(abs((item["score"]?.double ?? 0) - (want["score"]?.double ?? 1)) < 1e-6)
    }
  }
}

/// The tiny checkpoint as a folder with the vocabulary that its goldens were made with.
final class TinyCheckpoint {
  private let folder = TemporaryFolder()
  var path: String { folder.path }

  init(lowercase: Bool) throws {
    let tiny = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/")
    for (name, source) in [
      ("config.json", tiny + "config.json"), ("model.safetensors", tiny + "model.safetensors"),
      ("vocab.json", repository("Tests/ThimbleTextTests/Fixtures/vocab.json")),
      ("merges.txt", repository("Tests/ThimbleTextTests/Fixtures/merges.txt")),
    ] { _ = try folder.write(bytes(source), to: name) }
    let flag = "{\"do_lowercase_and_remove_accent\": \(lowercase)}"
    _ = try folder.write(Array(flag.utf8), to: "tokenizer_config.json")
  }
}
