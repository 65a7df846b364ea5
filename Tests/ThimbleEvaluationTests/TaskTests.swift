import Testing
import Thimble
import ThimbleEvaluation
import ThimbleModel
import ThimbleReference
import ThimbleTestSupport

@Suite("Tasks with labels")
struct TaskTests {
  let folder = TemporaryFolder()
  let pairs = [
    ("the dogs", "a bone"), ("it \"is\" text", "it"), ("test", "no test"), ("world", "model"),
    ("I paid 5", "I paid"), ("co-operate", "the end"),
  ]

  func runner() throws -> TaskRunner {
    TaskRunner(
      file: try .checkpoint(classifierCheckpoint), reference: try .checkpoint(classifierCheckpoint))
  }

  /// What the classifier answers, as numbers of its outputs.
  func answers() throws -> [Int] {
    let classifier = try TextClassifier(.checkpoint(classifierCheckpoint))
    var options = TextOptions()
    options.language = "en"
    let inputs = try pairs.map { try classifier.texts.input($0, pairedWith: $1, options) }
    return try classifier.logits(inputs).map { logits in
      logits.indices.max { logits[$0] < logits[$1] } ?? 0
    }
  }

  @Test(
    "each of the three label orders is understood",
    arguments: zip(
      LabelOrder.allCases,
      [
        ["contradiction", "neutral", "entailment"], ["contradiction", "entailment", "neutral"],
        ["entailment", "neutral", "contradiction"],
      ]))
  func labelOrders(order: LabelOrder, names: [String]) throws {
    let lines = try zip(pairs, answers()).map { "\($0.0)\t\($0.1)\t\(names[$1])\n" }
    let path = try folder.write(Array(lines.joined().utf8), to: "dev-en.tsv")
    let report = try runner().run(InferenceTask(paths: [path]), order: order)
    #expect(report.languages.map(\.name) == ["en"])
    #expect(report.overall.reference == 1)
    #expect(report.overall.file == 1)
    #expect(report.overall.agreement == 1)
  }

  @Test("the official form has its columns by name and several languages in one file")
  func official() throws {
    var text = "language\tgold_label\tx\tsentence1\tsentence2\tend\n"
    for language in ["en", "fr"] {
      for (first, second) in pairs { text += "\(language)\tneutral\t\t\(first)\t\(second)\t\n" }
    }
    let path = try folder.write(Array(text.utf8), to: "xnli.dev.tsv")
    let report = try runner().run(InferenceTask(paths: [path], limit: 4), order: .original)
    #expect(report.languages.map(\.name) == ["en", "fr"])
    #expect(report.languages.map(\.examples) == [4, 4])
  }

  @Test("cosines that rank as people do correlate by 1, and quotes of CSV are understood")
  func similarity() throws {
    let embedder = try SentenceEmbedder(.checkpoint(classifierCheckpoint))
    var options = TextOptions()
    options.language = "en"
    var lines = ""
    for (first, second) in pairs {
      let vectors = try embedder.embed(
        [first, second].map { try embedder.texts.input($0, options) })
      func product(_ a: Int, _ b: Int) -> Double {
        zip(vectors[a], vectors[b]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      let cosine = product(0, 1) / (product(0, 0) * product(1, 1)).squareRoot()
      let quoted = first.split(separator: "\"", omittingEmptySubsequences: false).joined(
        separator: "\"\"")
      lines += "\"\(quoted)\",\(second),\(cosine)\r\n"
    }
    let path = try folder.write(Array(lines.utf8), to: "stsb-en-dev.csv")
    let report = try runner().run(SimilarityTask(paths: [path]), pooling: .mean, readsIDs: false)
    #expect(abs(report.overall.reference - 1) < 1e-12)
    #expect(report.overall.file == report.overall.reference)
    #expect(report.overall.cosine.map { $0.minimum > 0.999999 } == true)
  }

  @Test(
    "bad tables are refused with what is wrong and where",
    arguments: [
      ("gold_label\tsentence1\n neutral\ta\n", "no column \"sentence2\""),
      ("a\tb\tneutral\na\tb\tmaybe\n", "line 2: the label \"maybe\" is not one of"),
      ("a\tb\tneutral\na\tb\n", "line 2: there are 2 columns"),
      ("", "empty"),
    ])
  func badInference(text: String, message: String) throws {
    let path = try folder.write(Array(text.utf8), to: "dev-en.tsv")
    expectMessage(message) { _ = try InferenceTask(paths: [path]) }
  }

  @Test(
    "bad CSV is refused with what is wrong and where",
    arguments: [
      ("\"a,b,1.0\n", "line 1: a quote is never closed"),
      ("a,b,1.0\na,b,high\n", "line 2: the score \"high\""),
      ("sentence1,other,score\na,b,1.0\n", "no column \"sentence2\""),
      ("a,b,1.0\n", "two examples"),
    ])
  func badSimilarity(text: String, message: String) throws {
    let path = try folder.write(Array(text.utf8), to: "stsb-en.csv")
    expectMessage(message) { _ = try SimilarityTask(paths: [path]) }
  }
}

/// Expects `body` to throw an error whose text contains `message`.
func expectMessage(_ message: String, _ body: () throws -> Void) {
  do {
    try body()
    Issue.record("nothing was thrown where \"\(message)\" should have been")
  } catch { #expect("\(error)".contains(message), "\(error)") }
}
