import Testing
import Thimble
import ThimbleEvaluation
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleTestSupport

private let tiny = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny")

/// The tiny checkpoint `name`, with other members of its configuration, in `folder`.
func tinyCheckpoint(
  _ name: String, in folder: TemporaryFolder, _ changes: JSONObject = [:]
) throws -> String {
  var configuration = try #require(json("\(tiny)/config.json").object)
  for (key, value) in changes { configuration.set(key, to: value) }
  _ = try folder.write(Array(JSONValue.object(configuration).text().utf8), to: "config.json")
  for file in ["vocab.json", "merges.txt"] {
    _ = try folder.write(bytes("\(tiny)/\(file)"), to: file)
  }
  return try folder.write(bytes("\(tiny)/\(name).safetensors"), to: "model.safetensors")
}

@Suite("Labelled words as a task")
struct TaggingTaskTests {
  let folder = TemporaryFolder()

  private func runner(labels: [String] = ["O", "B-PER", "I-PER"]) throws -> TaskRunner {
    var names = JSONObject()
    for (id, label) in labels.enumerated() { names.set("\(id)", to: .string(label)) }
    let path = try tinyCheckpoint(
      "XLMForTokenClassification", in: folder, ["id2label": .object(names)])
    var runner = TaskRunner(file: try .checkpoint(path), reference: try .checkpoint(path))
    runner.textOptions.language = "en"
    return runner
  }

  private func write(_ text: String, _ name: String = "test-en.conll") throws -> String {
    try folder.write(Array(text.utf8), to: name)
  }

  /// Sentences, the last of them longer than the 32 positions of the model.
  private let sentences = [
    "the dogs of the house", "I 'm co-operating , doesn't it ?", "Où est-ce ?",
    [String](repeating: "unbelievable words", count: 12).joined(separator: " "),
  ].map { $0.split(separator: " ").map(String.init) }

  /// What the model says of the first token of each word.
  private func predictions() throws -> [[String]] {
    _ = try runner()  // writes the checkpoint
    let tagger = try Tagger(.checkpoint(folder("model.safetensors")))
    var options = TagOptions()
    (options.aggregation, options.ignored, options.stride) = (.none, [], 7)
    options.text.language = "en"
    return try sentences.map { words in
      let tokens = try tagger.tag(words.joined(separator: " "), options)
      var start = 0
      return words.map { word in
        defer { start += word.utf8.count + 1 }
        let bytes = start..<start + word.utf8.count
        return tokens.first { $0.bytes?.overlaps(bytes) == true }?.label ?? "O"
      }
    }
  }

  @Test("a model that is right about every word has F1 1; its errors are counted by entity")
  func counting() throws {
    let labels = try predictions()
    func file(_ labels: [[String]]) -> String {
      "-DOCSTART- -X- O\n\n"
        + zip(sentences, labels).map { words, labels in
          zip(words, labels).map { "\($0) x\t\($1)  \r\n" }.joined() + "\n"
        }.joined()
    }
    let right = try runner().run(TaggingTask(paths: [try write(file(labels))]))
    #expect(right.languages.map(\.name) == ["en"] && right.overall.examples == 4)
    let tagging = try #require(right.overall.tagging)
    #expect(tagging.words == sentences.joined().count)
    #expect(tagging.accuracy.file.value == 1 && right.overall.agreement == 1)
    let all = labels.map { entities($0).count }.reduce(0, +)
    #expect(all > 0, "the tiny model finds nothing, and this shows nothing")
    #expect(right.overall.file == 1 && tagging.recall.reference.value == 1)
    #expect(right.overall.difference?.value == 0)
    // The first sentence with an entity loses it.
    let place = try #require(labels.firstIndex { !entities($0).isEmpty })
    var other = labels
    other[place] = other[place].map { _ in "O" }
    let less = try runner().run(TaggingTask(paths: [try write(file(other))]))
    let lost = entities(labels[place]).count
    let counts = try #require(less.overall.tagging)
    #expect(counts.recall.file.value == (all == lost ? 0 : 1))
    #expect(abs(counts.precision.file.value - Double(all - lost) / Double(all)) < 1e-12)
    #expect(
      abs(less.overall.file - 2 * Double(all - lost) / Double(2 * all - lost)) < 1e-12)
    let json = less.json["overall"]?["entities"]
    #expect(json?["words"]?.int == tagging.words)
    #expect(json?["types"]?.array?.count == counts.types.count)
    #expect(less.html.contains("F1 by entity"))
  }

  @Test(
    "a broken line is refused with its file and number",
    arguments: [
      ("a O\nb\n", "test-en.conll, line 2: there is a word without a label: \"b\""),
      ("a O\n\nb x O\n", "line 3: there are 3 columns, but 2 in line 1"),
      ("a O\nb PER\n", "line 2: the label \"PER\" is neither O nor begins"),
      ("a U-PER\n", "line 1: the label \"U-PER\""),
      ("\n\n-DOCSTART- O\n", "no labelled words"),
      ("", "no labelled words"),
    ])
  func broken(text: String, message: String) throws {
    expectMessage(message) { _ = try TaggingTask(paths: [try write(text)]) }
  }

  @Test("text that is not UTF-8 is refused with its line")
  func notUTF8() throws {
    let path = try folder.write(Array("a O\n".utf8) + [0xFF, 0x20, 0x4F], to: "bad.conll")
    expectMessage("line 2: the text is not UTF-8") { _ = try TaggingTask(paths: [path]) }
  }

  @Test("labels that disagree with the head are refused: those of the file, and those of the head")
  func labels() throws {
    let task = try TaggingTask(paths: [try write("a O\n\nb O\nc B-LOC\n")])
    expectMessage("line 4: the label \"B-LOC\" is not one of O, B-PER, I-PER") {
      _ = try runner().run(task)
    }
    expectMessage("id2label") { _ = try runner(labels: ["A", "B", "C"]).run(task) }
  }

  @Test("a limit counts sentences of a file")
  func limit() throws {
    let paths = [try write("a O\n\nb O\n\nc O\n"), try write("a O\n", "test.fr.conll")]
    var runner = try runner()
    runner.textOptions.language = nil
    let report = try runner.run(TaggingTask(paths: paths, limit: 2))
    #expect(report.languages.map(\.name) == ["en", "fr"])
    #expect(report.languages.map(\.examples) == [2, 1])
    #expect(report.languages[1].accuracy?.file.hasInterval == false)
  }
}
