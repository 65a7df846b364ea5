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
  private let poolings: [Pooling: SentencePooling]
  private let weights: FileWeights?

  /// Opens the .thimble file at `path`, and lets its passes be timed.
  init(path: String, options: RunOptions) throws {
    let source = try ModelSource.file(path, options: options, scoresVocabulary: nil)
    let provider = source.provider
    weights = provider as? FileWeights
    plan = source.plan
    text = try ModelText(source)
    let fillsMasks = provider.heads.contains(.languageModel)
    encoder = try Encoder(
      provider, maximumTokens: source.maximumTokens,
      scoredPositions: fillsMasks ? plan?.positionsPerRound ?? options.positionsPerRound : 0,
      activations: source.activations, pool: ComputePool(threadCount: source.threads),
      kernels: source.kernels)
    encoder.meter = try PassMeter(workers: source.threads)
    batch = try Batch(maximumTokens: source.maximumTokens)
    masked = fillsMasks ? try MaskedLanguageModel(provider, encoder: encoder) : nil
    classifier =
      provider.heads.contains(.sequenceClassification)
      ? try SequenceClassifier(
        provider, encoder: encoder, maximumSequences: SequenceEncoder.maximumSequences) : nil
    classes = classifier == nil ? nil : Classes(provider.configuration)
    var poolings: [Pooling: SentencePooling] = [:]
    for kind in Pooling.allCases { poolings[kind] = try SentencePooling(encoder, kind) }
    self.poolings = poolings
  }

  /// The most tokens of a pass.
  var capacity: Int { batch.maximumTokens }
  /// Masks whose logits are computed at once; nil if the model fills no masks.
  var positionsPerRound: Int? { masked?.positionsPerRound }

  /// Reads what each of `works` wants, whose sequences fit with each other, in one pass. Whatever else is in the pass,
  /// a sequence gets the same bits.
  ///
  /// - Parameter deliver: called with each reading as soon as it is there.
  func run(
    _ works: [Work], _ deliver: (_ work: Int, _ reading: Reading) -> Void
  ) throws(ModelError) {
    batch.removeAll()
    for work in works { try batch.append(work.sequence) }
    // The rows whose last hidden states are read, and where those of each work are among them.
    var kept: [Int] = []
    let places = works.indices.map { index in
      let (rows, start) = (batch.rows(ofSequence: index), kept.count)
      kept += works[index].scored.map { $0.map { rows.lowerBound + $0 } } ?? Array(rows)
      return start..<kept.count
    }
    try encoder.encode(batch, keeping: kept)
    for (index, work) in works.enumerated() {
      guard let pooling = work.wanted.pooling.flatMap({ poolings[$0] }) else { continue }
      deliver(index, .vector(pooling.vector(ofRows: places[index])))
    }
    try readClasses(works, places, deliver)
    try readLogits(works, places, deliver)
  }

  private func readClasses(
    _ works: [Work], _ places: [Range<Int>], _ deliver: (Int, Reading) -> Void
  ) throws(ModelError) {
    guard let classifier else { return }
    let wanting = works.indices.filter { works[$0].wanted.isClasses }
    for start in stride(from: 0, to: wanting.count, by: classifier.maximumSequences) {
      let some = wanting[start...].prefix(classifier.maximumSequences)
      for (work, logits) in zip(some, try classifier.scores(ofRows: some.map { places[$0] })) {
        deliver(work, .classLogits(logits))
      }
    }
  }

  private func readLogits(
    _ works: [Work], _ places: [Range<Int>], _ deliver: (Int, Reading) -> Void
  ) throws(ModelError) {
    guard let masked else { return }
    let scored = works.indices.flatMap { work in
      works[work].scored == nil ? [] : places[work].map { (work: work, row: $0) }
    }
    var reading: Reading?
    try masked.score(keptRows: scored.map(\.row)) { index, logits in
      let (work, row) = scored[index]
      reading = works[work].read(logits).joined(with: reading)
      if let whole = reading, row + 1 == places[work].upperBound {
        deliver(work, whole)
        reading = nil
      }
    }
  }

  /// Runs the smallest pass that shows whether the model works, through every head that it has; decodes what is pinned.
  ///
  /// - Throws: `ModelError`, among them `notFinite` if anything it yields is not a finite number.
  func probe() throws(ModelError) {
    let ids = text.configuration.specialIDs
    let sequence = SequenceInput(ids: [ids.end, ids.mask, ids.end])
    var wanted: [Work.Wanted] = [.vector(.mean)]
    if masked != nil { wanted.append(.logProbability(id: ids.end, index: 1)) }
    if classes != nil { wanted.append(.classes) }
    var isFinite = true
    for wanted in wanted {
      try run([Work(sequence: sequence, wanted: wanted)]) { isFinite = isFinite && $1.isFinite }
    }
    guard isFinite else { throw .notFinite(path: text.path) }
  }

  /// Keeps no more decoded weights than `byteCount` until it is called again; the others are decoded at each use.
  func keepPinned(atMost byteCount: Int) { weights?.keepPinned(atMost: byteCount) }

  /// What a model takes while it is probed and keeps nothing pinned, in bytes. Of the workspace few pages are touched.
  var probingSize: Int {
    guard let plan else { return 0 }
    return plan.vectors + plan.scratch + min(plan.workspace, 4 << 20)
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
