import Testing
import Thimble
import ThimbleConvert
import ThimbleEvaluation
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport

let classifierCheckpoint = repository(
  "Tests/ThimbleCheckpointTests/Fixtures/tiny/XLMForSequenceClassification.safetensors")

@Suite("Heads that make something of whole texts")
struct HeadTests {
  let folder = TemporaryFolder()
  /// The sentences of the goldens (Tests/ThimbleModelTests/Fixtures/expected-tiny.json), padding left out.
  let inputs = [SequenceInput(ids: [0, 20, 405, 5, 45, 1]), SequenceInput(ids: [0, 125, 133, 1])]

  @Test("sequence classification gives the logits of the reference implementation")
  func classification() throws {
    let classifier = try TextClassifier(.checkpoint(classifierCheckpoint))
    let expected = try #require(
      json(repository("Tests/ThimbleModelTests/Fixtures/expected-tiny.json"))["heads"]?[
        "XLMForSequenceClassification"]?.array)
    let logits = try classifier.logits(inputs)
    #expect(logits.count == 2 && expected.map(\.floats.count) == [3, 3])
    for (logits, expected) in zip(logits, expected) {
      #expect(logits.count == 3)
      for (a, b) in zip(logits, expected.floats) { #expect(abs(a - b) < 2e-5) }
    }
  }

  @Test("a file keeps the head exactly and the classes in order")
  func file() throws {
    let path = folder("classifier.thimble")
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(classifierCheckpoint)), rate: .quality(.nearLossless),
      threadCount: 1, kernels: .best
    ).convert(to: path)
    let reference = try TextClassifier(.checkpoint(classifierCheckpoint))
    let file = try TextClassifier(.file(path))
    #expect(file.labels == reference.labels)
    let (a, b) = (try file.classify(inputs), try reference.classify(inputs))
    #expect(a.map { $0.map(\.label) } == b.map { $0.map(\.label) })
    for scores in a { #expect(abs(scores.reduce(0) { $0 + $1.score } - 1) < 1e-9) }
  }

  @Test("a model without a classification head is refused by name")
  func noHead() {
    do {
      _ = try TextClassifier(.checkpoint(smallCheckpoint))
      Issue.record("a masked language model passed as a classifier")
    } catch { #expect("\(error)".contains("sequence_summary.summary")) }
  }

  @Test(
    "a sentence has the same vector alone and among others, and the mean is not the first token's")
  func embedding() throws {
    let mean = try SentenceEmbedder(.checkpoint(smallCheckpoint))
    let first = try SentenceEmbedder(.checkpoint(smallCheckpoint), pooling: .first)
    let texts = try ["The house is big.", "Das Haus ist groß.", "他在北京出生。"].map {
      try mean.texts.input($0)
    }
    let together = try mean.embed(texts)
    #expect(together.count == 3)
    for (index, text) in texts.enumerated() {
      #expect(try mean.embed([text]) == [together[index]])
      #expect(try first.embed([text]) != [together[index]])
    }
  }
}
