import Testing
import Thimble
import ThimbleArchitecture
import ThimbleModel
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport

private let masked = repository("Tests/CommandTests/Fixtures/answered/masked")
private let classifier = repository(
  "Tests/ThimbleCheckpointTests/Fixtures/tiny/XLMForSequenceClassification.safetensors")

/// An item that keeps what is read of it.
private final class Wish<Reader: Head>: PassItem {
  let sequence: SequenceInput
  let query: Reader.Query
  var readings: [Reader.Reading] = []

  init(_ ids: [Int], _ query: Reader.Query) {
    (sequence, self.query) = (SequenceInput(ids: ids), query)
  }

  func receive(_ reading: Reader.Reading) { readings.append(reading) }
}

@Suite("A session")
struct SessionTests {
  private let texts = [[1, 20, 45, 5, 1], [1, 5, 148, 5, 1], [1, 33, 1]]

  @Test("has the heads that its model has, and those that are asked for or none")
  func heads() throws {
    let session = try Session(.checkpoint(masked))
    #expect(session.head(MaskedLanguageModel.self) != nil)
    #expect(session.head(SentencePooling.self) != nil)
    #expect(session.head(SequenceClassifier.self) == nil)
    let few = try Session(.checkpoint(masked, heads: [SentencePooling.self]))
    #expect(few.heads.count == 1)
    #expect(throws: ModelError.self) {
      try Session(.checkpoint(masked), needing: SequenceClassifier.self)
    }
  }

  @Test("reads one pass with several heads, each of its own sequences, the same bits as alone")
  func mixed() throws {
    let session = try Session(.checkpoint(masked))
    func masks(_ ids: [Int]) -> MaskedLanguageModel.Query {
      .init(positions: ids.indices.filter { ids[$0] == 5 }, count: 3)
    }
    let filled = texts.prefix(2).map { Wish<MaskedLanguageModel>($0, masks($0)) }
    let mean = Wish<SentencePooling>(texts[2], .mean)
    let first = Wish<SentencePooling>(texts[0], .first)
    try session.run([filled[0], mean, filled[1], first])
    #expect(filled.map(\.readings.count) == [1, 1])
    #expect(filled.map { $0.readings[0].map(\.count) } == [[3], [3, 3]])
    for (wish, ids) in zip(filled, texts) {
      let alone = try session.read(
        MaskedLanguageModel.self, [(SequenceInput(ids: ids), masks(ids))])
      #expect(wish.readings == alone)
    }
    let vectors = try session.read(
      SentencePooling.self, [(mean.sequence, .mean), (first.sequence, .first)])
    #expect(mean.readings + first.readings == vectors)
    #expect(vectors[0] != vectors[1])
  }

  @Test("takes as many passes as sequences need, and answers in order")
  func passes() throws {
    let session = try Session(.checkpoint(masked, options: RunOptions(maximumTokens: 7)))
    let inputs = (0..<9).map {
      SequenceInput(ids: [1, 20 + $0] + Array(texts[$0 % 3].dropFirst()))
    }
    let together = try session.read(SentencePooling.self, inputs.map { ($0, .mean) })
    for (input, vector) in zip(inputs, together) {
      #expect(try session.read(SentencePooling.self, [(input, .mean)]) == [vector])
    }
    let long = SequenceInput(ids: [Int](repeating: 1, count: 8))
    #expect(throws: ThimbleError.self) { try session.read(SentencePooling.self, [(long, .mean)]) }
    let empty = SequenceInput(ids: [])
    #expect(throws: ThimbleError.self) { try session.read(SentencePooling.self, [(empty, .mean)]) }
  }

  @Test("chooses tokens among candidates by their logits, and tells shares of the whole vocabulary")
  func candidates() throws {
    let session = try Session(.checkpoint(masked))
    let sequence = SequenceInput(ids: texts[0])
    func read(_ count: Int, _ candidates: [Int]?) throws -> [TokenScore] {
      try session.read(
        MaskedLanguageModel.self,
        [(sequence, .init(positions: [3], count: count, among: candidates))])[0][0]
    }
    let all = try read(1000, nil)
    #expect(all.count == session.configuration.vocabularySize)
    #expect(abs(all.reduce(0) { $0 + $1.probability } - 1) < 1e-4)
    #expect(all.map(\.logit) == all.map(\.logit).sorted(by: >))
    let some = try read(2, [7, 300, 41])
    #expect(some == all.filter { [7, 300, 41].contains($0.id) }.prefix(2).map(\.self))
    for score in some {
      #expect(abs(exponential(score.logProbability) - score.probability) < 1e-6)
    }
  }

  @Test("answers a probe through every head that it has")
  func probe() throws {
    try Session(.checkpoint(masked)).probe()
    try Session(.checkpoint(classifier)).probe()
  }

  @Test("every kind of head that checkpoints have is run by one head")
  func runnable() {
    for kind in HeadKind.allCases {
      #expect(Heads.all.count { $0.kinds.contains(kind) } == 1)
    }
    #expect(Heads.available([.sequenceClassification]).count == 3)
  }
}

@Suite("What fills batches")
struct BatchPackerTests {
  private func packer(_ maximum: Int, tokens: Int? = nil) throws -> BatchPacker<Int> {
    BatchPacker(try Batch(maximumTokens: maximum), tokens: tokens)
  }

  private func sequence(_ count: Int) -> SequenceInput {
    SequenceInput(ids: [Int](repeating: 1, count: count))
  }

  @Test("takes sequences until the next does not fit, and one that is long alone")
  func filling() throws {
    var packer = try packer(10, tokens: 6)
    #expect(packer.isEmpty && packer.fits(sequence(9)))
    #expect(try packer.append(sequence(4), 7) == 0..<4)
    #expect(packer.fits(sequence(2)) && !packer.fits(sequence(3)))
    #expect(try packer.append(sequence(2), 8) == 4..<6)
    #expect(packer.tags == [7, 8] && packer.batch.tokenCount == 6)
    packer.removeAll()
    #expect(packer.isEmpty && packer.batch.tokenCount == 0 && packer.fits(sequence(10)))
    #expect(throws: ModelError.self) { try packer.append(self.sequence(11), 0) }
    #expect(throws: ModelError.self) { try packer.append(self.sequence(0), 0) }
    #expect(packer.isEmpty)
  }

  @Test("keeps sequences apart that no pass takes together")
  func unlike() throws {
    var packer = try packer(100)
    var options = TextOptions()
    options.addsTypes = true
    try packer.append(SequenceInput(ids: [1, 1], options), 0)
    #expect(packer.fits(SequenceInput(ids: [1, 1], options)))
    #expect(!packer.fits(sequence(2)))
    #expect(!packer.fits(SequenceInput(ids: [1, 1], options, language: 0)))
  }
}

@Suite("Lists of token ids")
struct TokenIDTests {
  @Test("are read from JSON, and nothing else is")
  func reading() throws {
    #expect(try TokenIDs(json: Array("[1, 52, -3]".utf8)).ids == [1, 52, -3])
    #expect(try TokenIDs(json: Array(" [ ] ".utf8)).ids == [])
    for text in ["", "[1", "{}", "1", "[1.5]", "[\"1\"]", "[1, null]", "[1e3000]", "[[1]]"] {
      #expect(throws: ThimbleError.self, "\(text)") { try TokenIDs(json: Array(text.utf8)) }
    }
  }
}
