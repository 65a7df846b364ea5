internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

/// An encoder with whatever heads its file has, run for works of all kinds at once. Used by one thread at a time.
final class PassModel {
  let text: ModelText
  let plan: MemoryPlan?
  let classes: Classes?
  private let encoder: Encoder
  private let batch: Batch
  private let masked: MaskedLanguageModel?
  private let classifier: SequenceClassifier?
  private let pooling: SentencePooling

  /// Opens the .thimble file at `path`, and lets its passes be timed.
  init(path: String, options: RunOptions) throws {
    let source = try ModelSource.file(path, options: options, scoresVocabulary: nil)
    let provider = source.provider
    plan = source.plan
    text = try ModelText(source)
    encoder = try Encoder(
      provider, maximumTokens: source.maximumTokens,
      pool: ComputePool(threadCount: source.threads), kernels: source.kernels)
    encoder.meter = try PassMeter(workers: source.threads)
    batch = try Batch(maximumTokens: source.maximumTokens)
    masked =
      provider.contains(MaskedLanguageModel.biasName)
      ? try MaskedLanguageModel(
        provider, encoder: encoder,
        positionsPerRound: plan?.positionsPerRound ?? options.positionsPerRound) : nil
    classifier =
      SequenceClassifier.isPart(of: provider)
      ? try SequenceClassifier(
        provider, encoder: encoder, maximumSequences: SequenceEncoder.maximumSequences) : nil
    classes = classifier == nil ? nil : Classes(provider.configuration)
    pooling = try SentencePooling(encoder, .mean)
  }

  /// The most tokens of a pass.
  var capacity: Int { batch.maximumTokens }
  /// Masks whose logits are computed at once; nil if the model fills no masks.
  var positionsPerRound: Int? { masked?.positionsPerRound }

  /// Reads what each of `works` wants, whose sequences fit with each other, in one pass. Whatever else is in the pass,
  /// a sequence gets the same bits.
  func run(_ works: [Work]) throws(ModelError) -> [Reading] {
    batch.removeAll()
    for work in works { try batch.append(work.sequence) }
    try encoder.encode(batch)
    var readings = [Reading?](repeating: nil, count: works.count)
    try readLogits(works, &readings)
    try readClasses(works, &readings)
    return works.indices.map { index in
      readings[index] ?? .vector(pooling.vector(ofSequence: index, in: batch))
    }
  }

  private func readLogits(_ works: [Work], _ readings: inout [Reading?]) throws(ModelError) {
    guard let masked else { return }
    let places = works.indices.flatMap { work in
      works[work].scored.map { (work: work, row: batch.rows(ofSequence: work).lowerBound + $0) }
    }
    try masked.score(encodedRows: places.map(\.row)) { index, logits in
      let work = places[index].work
      readings[work] = works[work].read(logits).joined(with: readings[work])
    }
  }

  private func readClasses(_ works: [Work], _ readings: inout [Reading?]) throws(ModelError) {
    guard let classifier else { return }
    let sequences = works.indices.filter { works[$0].wanted.isClasses }
    for start in stride(from: 0, to: sequences.count, by: classifier.maximumSequences) {
      let some = sequences[start...].prefix(classifier.maximumSequences)
      for (sequence, logits) in zip(some, try classifier.scores(ofSequences: some, in: batch)) {
        readings[sequence] = .classLogits(logits)
      }
    }
  }

  /// Runs the smallest pass that shows whether the model works; decodes what is pinned.
  func probe() throws(ModelError) {
    let ids = text.configuration.specialIDs
    let wanted: Work.Wanted =
      masked != nil ? .logProbability(id: ids.end, index: 1) : classes != nil ? .classes : .vector
    _ = try run([
      Work(sequence: SequenceInput(ids: [ids.end, ids.mask, ids.end]), wanted: wanted)
    ])
  }

  /// Where the time of the passes went since this was called before.
  func takeTimes() -> PassTimes {
    guard let meter = encoder.meter else { return PassTimes() }
    defer { meter.reset() }
    let total = PassMeter.Stage.allCases.reduce(0) { $0 + meter.seconds($1) }
    let decoding = meter.seconds(.decode)
    return PassTimes(decoding: decoding, computing: total - decoding)
  }
}

/// Where the time of a pass went, in seconds.
struct PassTimes: Sendable {
  /// Turning chunks of the file into codes.
  var decoding = 0.0
  /// Everything else.
  var computing = 0.0
}
