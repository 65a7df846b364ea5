import Testing
import Thimble
import ThimbleArchitecture
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport

/// The checkpoints of all heads.
private let classes = [
  "XLMForSequenceClassification", "XLMForTokenClassification", "XLMForMultipleChoice",
  "XLMForQuestionAnsweringSimple", "XLMForQuestionAnswering",
]

@Suite("Every head against the reference implementation")
struct HeadTests {
  let folder = TemporaryFolder()

  /// The checkpoint of a head, with some fields of the configuration changed.
  private func checkpoint(_ name: String, _ changes: JSONObject) throws -> String {
    var fields = try #require(json(tiny("config.json")).object)
    for (field, value) in changes { fields.set(field, to: value) }
    _ = try folder.write(Array(JSONValue.object(fields).text().utf8), to: "config.json")
    return try folder.write(bytes(tiny("\(name).safetensors")), to: "model.safetensors")
  }

  /// The numbers that the head of `name` yields for `ids`, in the order of the goldens.
  private func numbers(_ session: Session, _ name: String, _ ids: [Int]) throws -> [Float] {
    let input = SequenceInput(ids: ids)
    switch name.replacing("Flaubert", with: "XLM") {
    case "XLMForTokenClassification":
      return try session.read(TokenClassifier.self, [(input, .init(ids.indices))])[0]
    case "XLMForMultipleChoice":
      return try session.read(MultipleChoice.self, [(input, .init())])
    case "XLMForSequenceClassification":
      return try session.read(SequenceClassifier.self, [(input, .init())])[0]
    default:
      let query = AnswerCandidates(context: ids.indices, none: ids.count - 1)
      switch try session.read(QuestionAnswering.self, [(input, query)])[0] {
      case .bounds(let starts, let ends): return starts + ends
      case .beams(let beams, let none):
        return [none]
          + beams.flatMap { [Float($0.start.probability)] + $0.ends.map { Float($0.probability) } }
      }
    }
  }

  @Test("logits are those of Hugging Face, whatever summary the configuration wants")
  func logits() throws {
    let heads = try #require(goldens.get()["heads"]?.array)
    #expect(heads.count == 10)
    for head in heads {
      let name = try #require(head["class"]?.string)
      let changes = try #require(head["changes"]?.object)
      let session = try Session(.checkpoint(checkpoint(name, changes)))
      for golden in try #require(head["cases"]?.array) {
        let expected =
          golden["logits"]?.floats
          ?? (golden["starts"]?.floats ?? []) + (golden["ends"]?.floats ?? [])
        let found = try numbers(session, name, golden["ids"]?.ints ?? [])
        #expect(found.isNear(expected), "\(name) \(changes)")
      }
    }
  }

  @Test("FlauBERT's are those of Hugging Face, in fp32 and from a file of 8 bits")
  func flaubert() throws {
    let goldens = try json(fixture("flaubert-heads.json"))
    let heads = try #require(goldens["heads"]?.array)
    #expect(heads.count == 5)
    for golden in heads {
      let name = try #require(golden["class"]?.string)
      let checkpoint = try MadeCheckpoint(
        try #require(goldens["config"]), heads: [try #require(HeadKind(className: name))])
      let path = folder("\(name).thimble")
      _ = try Converter(
        ConversionSource(ModelCheckpoint.open(checkpoint.folder.path)), rate: .bits(8),
        threadCount: 2, kernels: .best
      ).convert(to: path)
      var options = RunOptions(threads: 2)
      options.activations = .int16
      let session = try Session(.checkpoint(checkpoint.folder.path))
      let file = try Session(.file(path, options: options))
      for expected in try #require(golden["cases"]?.array) {
        let ids = expected["ids"]?.ints ?? []
        let numbers = try #require(expected["numbers"]).floats
        #expect(try self.numbers(session, name, ids).isNear(numbers, within: 1e-4), "\(name)")
        // Behind the likeliest starts and ends, beams may change their order.
        let found = try self.numbers(file, name, ids)
        let size = (numbers.reduce(0) { $0 + $1 * $1 } / Float(numbers.count)).squareRoot()
        // One to three numbers average few errors; those of multiple choice are near 0.
        let limit: Float = name == "FlaubertForQuestionAnswering" ? 0.05 : 0.015
        #expect(error(found, numbers) < limit * max(size, 0.02), "\(name), file")
      }
    }
  }

  @Test("the beam search finds the starts, ends and the logit of none that Hugging Face finds")
  func beams() throws {
    let session = try Session(.checkpoint(tiny("XLMForQuestionAnswering.safetensors")))
    for golden in try #require(goldens.get()["beams"]?.array) {
      let context = try #require(golden["context"]?.ints)
      let query = AnswerCandidates(
        context: context[0]..<context[0] + context.count, none: try #require(golden["none"]?.int))
      #expect(query.places == golden["places"]?.ints)
      let input = SequenceInput(ids: golden["ids"]?.ints ?? [])
      guard
        case .beams(let beams, let none) = try session.read(
          QuestionAnswering.self, [(input, query)])[0]
      else {
        Issue.record("no beams")
        continue
      }
      #expect([none].isNear([Float(golden["noneLogit"]?.double ?? .nan)]))
      #expect(beams.map { query.places[$0.start.index] } == golden["starts"]?.ints)
      #expect(
        beams.map { Float($0.start.probability) }
          .isNear(golden["startProbabilities"]?.floats ?? []))
      let ends = golden["ends"]?.array?.map(\.ints) ?? []
      #expect(beams.map { $0.ends.map { query.places[$0.index] } } == ends)
      #expect(
        beams.flatMap { $0.ends.map { Float($0.probability) } }
          .isNear(golden["endProbabilities"]?.floats ?? []))
    }
  }

  @Test(
    "a file gives the same bits on every instruction set, alone and among others, and nearly those of the checkpoint",
    arguments: classes)
  func files(name: String) throws {
    let path = folder("\(name).thimble")
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(tiny("\(name).safetensors"))), rate: .bits(17),
      threadCount: 1, kernels: .best
    ).convert(to: path)
    let reference = try Session(.checkpoint(tiny("\(name).safetensors")))
    let sequences = [[0, 20, 405, 5, 45, 1], [1, 125, 133, 1, 300, 22, 640, 9, 1]]
    for activations in ActivationPrecision.allCases {
      var first: [[UInt32]]?
      for kernels in KernelTable.runnable {
        var options = RunOptions(threads: 2, isa: kernels.name)
        options.activations = activations
        let session = try Session(.file(path, options: options))
        let found = try sequences.map { try numbers(session, name, $0) }
        first = first ?? found.map { $0.map(\.bitPattern) }
        #expect(found.map { $0.map(\.bitPattern) } == first, "\(kernels.name)")
        guard activations == .int16 else { continue }
        // A model of 16 columns averages few errors. Behind the likeliest start and its ends, beams may change their order.
        let expected = try sequences.map { Array(try numbers(reference, name, $0).prefix(7)) }
        for (found, expected) in zip(found, expected) {
          #expect(error(Array(found.prefix(7)), expected) < 0.05, "\(found) \(expected)")
        }
      }
    }
  }

  /// The root mean square of the differences. The numbers are about 1.
  private func error(_ found: [Float], _ expected: [Float]) -> Float {
    let difference = zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (difference / Float(expected.count)).squareRoot()
  }

  @Test("a head that the model lacks is refused, and which it has is said", arguments: classes)
  func lacking(name: String) throws {
    let other = name == classes[0] ? classes[1] : classes[0]
    let source = try ModelSource.checkpoint(tiny("\(name).safetensors"))
    do {
      switch other {
      case "XLMForSequenceClassification": _ = try TextClassifier(source)
      default: _ = try Tagger(source)
      }
      Issue.record("a head that is not there")
    } catch ModelError.head(_, let reason) {
      #expect(reason.contains(other) && reason.contains("(\(name))"), "\(reason)")
    }
  }
}
