import Testing
import Thimble
import ThimbleConvert
import ThimbleEvaluation
import ThimbleTestSupport

@Suite("Measuring a file against its checkpoint")
struct EvaluatorTests {
  func options(_ change: (inout EvaluationOptions) -> Void = { _ in }) -> EvaluationOptions {
    var options = EvaluationOptions()
    options.masking = .fraction(0.25)
    options.limit = 2
    change(&options)
    return options
  }

  @Test("the loss splits into that of weights and that of activations")
  func split() throws {
    let small = try SmallPair()
    let evaluation = try small.pair.evaluator(
      small.pair.candidates(), options { $0.limit = 8 }
    ).run(sampleText())
    #expect(evaluation.candidates == ["both", "weights", "activations"])
    let (both, weights, activations) = (
      try #require(evaluation.measures(candidate: 0)),
      try #require(evaluation.measures(candidate: 1)),
      try #require(evaluation.measures(candidate: 2))
    )
    // What the README of the small model has for int8 activations alone; the sample is another.
    #expect((0.0002...0.0005).contains(activations.divergence.mean.value))
    // Independent errors add up, but for chance.
    let sum = weights.divergence.mean.value + activations.divergence.mean.value
    #expect(abs(both.divergence.mean.value / sum - 1) < 0.15)
    #expect(both.layers.count == 5)
    #expect(activations.layers[0].relativeError == 0, "nothing is rounded before the embeddings")
    #expect(weights.layers[0].relativeError == both.layers[0].relativeError)
    #expect(both.perplexityRatio.interval.contains(both.perplexity / both.referencePerplexity))
    #expect(both.sentenceCosine.minimum <= both.sentenceCosine.percentile1)
    #expect(both.sentenceCosine.mean > 0.999)
  }

  @Test("a reference compared with itself loses nothing, to the bit")
  func itself() throws {
    let small = try SmallPair()
    let same = Candidate("same", small.pair.reference)
    let measures = try #require(
      try small.pair.evaluator([same], options()).run(sampleText("de")).measures(candidate: 0))
    #expect(measures.divergence.maximum == 0)
    #expect(measures.agreement.value == 1)
    #expect(measures.agreementInFive == 1)
    #expect(measures.perplexityRatio.value == 1)
    #expect(measures.layers.allSatisfy { $0.relativeError == 0 })
  }

  @Test("coarser weights lose more in every measure")
  func coarser() throws {
    func measures(_ quality: Quality) throws -> Measures {
      let small = try SmallPair(quality)
      return try #require(
        try small.pair.evaluator(small.pair.candidates([.both]), options()).run(sampleText())
          .measures(candidate: 0))
    }
    let (fine, coarse) = (try measures(.high), try measures(.tiny))
    #expect(fine.referencePerplexity == coarse.referencePerplexity)
    #expect(fine.divergence.mean.interval.upperBound < coarse.divergence.mean.interval.lowerBound)
    #expect(fine.agreement.value > coarse.agreement.value)
    #expect(fine.probabilityDifference < coarse.probabilityDifference)
    #expect(fine.sentenceCosine.mean > coarse.sentenceCosine.mean)
    #expect(zip(fine.layers, coarse.layers).allSatisfy { $0.relativeError < $1.relativeError })
  }

  @Test("a sentence has the same masks alone, among others, and with other threads")
  func masks() throws {
    let small = try SmallPair()
    let single = try SmallPair(threads: 1)
    let all = try small.pair.evaluator(small.pair.candidates([.both]), options())
      .run(sampleText())
    let alone = try single.pair.evaluator(single.pair.candidates([.both]), options())
      .run(sampleText("de"))
    let place = try #require(all.languages.firstIndex(of: "de"))
    let (a, b) = (
      try #require(all.measures(language: place, candidate: 0)),
      try #require(alone.measures(language: 0, candidate: 0))
    )
    #expect(a.positions == b.positions)
    #expect(a.divergence.mean == b.divergence.mean)
    #expect(a.referencePerplexity == b.referencePerplexity)
    let other = try small.pair.evaluator(
      small.pair.candidates([.both]), options { $0.seed = 2 }
    ).run(sampleText("de"))
    #expect(other.measures(candidate: 0)?.referencePerplexity != b.referencePerplexity)
  }

  @Test("--all-positions masks every token once")
  func allPositions() throws {
    let small = try SmallPair()
    func positions(_ masking: Masking) throws -> Int? {
      try small.pair.evaluator(
        small.pair.candidates([.both]),
        options {
          $0.masking = masking
          $0.limit = 1
        }
      ).run(sampleText("en")).measures(candidate: 0)?.positions
    }
    let every = try #require(try positions(.allPositions))
    #expect(try positions(.fraction(1)) == every)
    #expect(every > 5)
  }

  @Test("an interrupted run tells what it knows of every language")
  func interrupted() throws {
    let small = try SmallPair()
    var reports = 0
    let evaluation = try small.pair.evaluator(
      small.pair.candidates([.both]), options { $0.limit = nil }
    ).run(sampleText(), progress: { _, _ in reports += 1 }, isInterrupted: { reports == 1 })
    #expect(!evaluation.isComplete)
    for language in evaluation.languages.indices {
      #expect(try #require(evaluation.measures(language: language, candidate: 0)).positions > 0)
    }
  }
}
