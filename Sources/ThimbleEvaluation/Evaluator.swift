internal import Thimble
internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleOps
public import ThimbleSystem
public import ThimbleText

/// A model that is compared with the reference.
public struct Candidate {
  public let name: String
  let provider: any WeightProvider

  public init(_ name: String, _ provider: any WeightProvider) {
    self.name = name
    self.provider = provider
  }
}

/// What is measured.
public struct EvaluationOptions: Sendable {
  public var masking = Masking.fraction(0.15)
  public var seed: UInt64 = 1
  /// The most sentences of a language.
  public var limit: Int?
  /// Whether lines are JSON lists of token ids, ends included, rather than text.
  public var readsIDs = false
  /// What the inputs of the candidates' int8 weights are rounded to.
  public var activations = ActivationPrecision.int8

  public init() {}
}

/// Runs a reference and any number of candidates over the same masked sentences and counts how they differ.
///
/// Every model has activations of its own for the tokens of one batch; weights are shared as their providers share them.
public final class Evaluator {
  private let reference: Model
  private let candidates: [(name: String, model: Model)]
  private let options: EvaluationOptions
  private let configuration: ModelConfiguration
  private let pool: ComputePool
  private let reader: SentenceReader
  private let trace: HiddenTrace
  /// [positions of a round][candidates]
  private let comparisons: AlignedArray<PositionComparison>
  /// For each worker, room for a distribution.
  private let distributions: [AlignedArray<Double>]

  private var packer: BatchPacker<Pending>
  private var tallies: [[Tally]] = []

  /// One of the models, and its head.
  private struct Model {
    let session: Session
    let head: MaskedLanguageModel

    var encoder: Encoder { session.encoder }

    init(_ source: ModelSource, on pool: ComputePool) throws(EvaluationError) {
      do throws(ModelError) {
        session = try Session(source, needing: MaskedLanguageModel.self, on: pool)
        head = try session.required(MaskedLanguageModel.self)
      } catch { throw .model(error) }
    }
  }

  /// What is known of a sequence of the batch.
  private struct Pending {
    let targets: [(position: Int, id: Int)]
    let language: Int
    /// Its number among all.
    let sentence: Int
    /// The number of its line in the file.
    let line: Int
  }

  /// - Parameters:
  ///   - candidates: with the configuration of `reference`.
  ///   - tokenizer: nil only if sentences come as ids.
  /// - Throws: `EvaluationError`.
  public init(
    reference provider: any WeightProvider, candidates: [Candidate], tokenizer: TokenizerTables?,
    options: EvaluationOptions, pool: ComputePool, kernels: KernelTable
  ) throws(EvaluationError) {
    configuration = provider.configuration
    self.options = options
    self.pool = pool
    guard tokenizer != nil || options.readsIDs else { throw .noTokenizer(path: provider.path) }
    let size = WorkingSize(configuration, models: candidates.count + 1)
    let (maximumTokens, positions) = (size.maximumTokens, size.positionsPerRound)
    func model(_ provider: any WeightProvider) throws(EvaluationError) -> Model {
      try Model(
        ModelSource(
          provider, tokenizer: tokenizer, plan: nil, maximumTokens: maximumTokens,
          heads: [MaskedLanguageModel.self],
          HeadSize(positionsPerRound: positions, activations: options.activations),
          threads: pool.threadCount, kernels: kernels), on: pool)
    }
    reference = try model(provider)
    var models: [(String, Model)] = []
    for candidate in candidates { models.append((candidate.name, try model(candidate.provider))) }
    self.candidates = models
    reader = SentenceReader(reference.session.text, input: options.readsIDs ? .ids : .text)
    do {
      packer = BatchPacker(try Batch(maximumTokens: maximumTokens), tokens: size.batchTokens)
    } catch { throw .model(error) }
    do {
      trace = try HiddenTrace(
        layerCount: configuration.layerCount, maximumTokens: maximumTokens,
        width: configuration.embeddingSize)
      comparisons = try AlignedArray(count: positions * max(candidates.count, 1))
      var distributions: [AlignedArray<Double>] = []
      for _ in 0..<pool.threadCount {
        distributions.append(try AlignedArray(count: configuration.vocabularySize))
      }
      self.distributions = distributions
    } catch { throw .system(error) }
  }

  /// Measures on `text`, one sentence of each language after the other, so that what is known at any time
  /// covers all of them.
  ///
  /// - Parameters:
  ///   - progress: called now and then with the sentences done and those there are.
  ///   - isInterrupted: whether to stop with what is known.
  public func run(
    _ text: EvaluationText, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    isInterrupted: () -> Bool = { false }
  ) throws(EvaluationError) -> Evaluation {
    let start = monotonicSeconds()
    let languages = text.languages
    let ids = try languages.map { language throws(EvaluationError) in
      try reader.text.embeddingID(of: language)
    }
    tallies = languages.map { _ in
      candidates.map { _ in Tally(layerCount: configuration.layerCount) }
    }
    let counts = languages.map { min($0.sentenceCount, options.limit ?? .max) }
    let total = counts.reduce(0, +)
    var cursors = languages.map(\.lines)
    var done = 0
    var skipped = 0
    var isComplete = true
    let cutBefore = reader.cutCount
    packer.removeAll()
    reading: for round in 0..<(counts.max() ?? 0) {
      for (index, language) in languages.enumerated() where round < counts[index] {
        guard let line = cursors[index].next() else { continue }
        let number = cursors[index].number
        let sentence = try reader.sentence(line, of: language, number: number)
        let sequences = sentence.masked(
          options.masking, seed: options.seed, mask: Int32(configuration.specialIDs.mask))
        if sequences.isEmpty {
          skipped += 1
        } else {
          for column in candidates.indices { tallies[index][column].addSentence() }
        }
        for sequence in sequences {
          let input = SequenceInput(ids: sequence.ids, language: ids[index])
          if !packer.fits(input) {
            try flush(languages)
            progress(done, total)
            if isInterrupted() {
              isComplete = false
              break reading
            }
          }
          let pending = Pending(
            targets: sequence.targets, language: index, sentence: done, line: number)
          do { try packer.append(input, pending) } catch { throw .model(error) }
        }
        done += 1
      }
    }
    if isComplete { try flush(languages) }
    guard tallies.contains(where: { $0.contains { $0.positions > 0 } }) else {
      guard isComplete else { throw .interrupted }
      throw .nothingToMask(path: languages.map(\.path).joined(separator: ", "))
    }
    return Evaluation(
      languages: languages.map(\.name), candidates: candidates.map(\.name), tallies: tallies,
      isComplete: isComplete, options: options, skippedSentences: skipped,
      cutSentences: reader.cutCount - cutBefore, seconds: monotonicSeconds() - start)
  }

  /// Runs all models on what is pending.
  private func flush(_ languages: [EvaluationText.Language]) throws(EvaluationError) {
    guard !packer.isEmpty else { return }
    let failure: (model: String, sequence: Int)?
    do throws(ModelError) {
      try encode()
      failure = try scorePositions()
    } catch { throw .model(error) }
    if let failure {
      let entry = packer.tags[failure.sequence]
      throw .notANumber(
        model: failure.model, path: languages[entry.language].path, number: entry.line)
    }
    packer.removeAll()
  }

  private func encode() throws(ModelError) {
    let (batch, pending) = (packer.batch, packer.tags)
    let rows = batch.tokenCount
    try reference.encoder.encode(batch) { [self] layer in
      trace.store(reference.encoder.hidden, rows: rows, layer: layer)
    }
    for (column, (_, model)) in candidates.enumerated() {
      let hidden = model.encoder.hidden
      try model.encoder.encode(batch) { [self] layer in
        trace.compare(hidden, batch, layer: layer, pool: pool) { sequence, tally in
          tallies[pending[sequence].language][column].layers[layer].add(tally)
        }
      }
      trace.compareSentences(hidden, batch, pool: pool) { sequence, cosine in
        tallies[pending[sequence].language][column].sentenceCosines.append(cosine)
      }
    }
  }

  /// - Returns: which model gave NaN or infinity, for which pending sequence; nil if none did.
  private func scorePositions() throws(ModelError) -> (model: String, sequence: Int)? {
    var places: [(row: Int, target: Int, sequence: Int)] = []
    for (index, entry) in packer.tags.enumerated() {
      let first = packer.batch.rows(ofSequence: index).lowerBound
      places += entry.targets.map { (first + $0.position, $0.id, index) }
    }
    for start in stride(from: 0, to: places.count, by: reference.head.positionsPerRound) {
      let round = places[start..<min(start + reference.head.positionsPerRound, places.count)]
      let rows = round.map(\.row)[...]
      try reference.head.computeLogits(at: rows)
      for candidate in candidates { try candidate.model.head.computeLogits(at: rows) }
      try compareRound(round.map(\.target))
      for (index, place) in round.enumerated() {
        let entry = packer.tags[place.sequence]
        for column in candidates.indices {
          let comparison = comparisons[index * candidates.count + column]
          guard comparison.referenceLoss.isFinite else {
            return (reference.session.path, place.sequence)
          }
          guard comparison.loss.isFinite, comparison.divergence.isFinite else {
            return (candidates[column].model.session.path, place.sequence)
          }
          tallies[entry.language][column].add(comparison, sentence: entry.sentence)
        }
      }
    }
    return nil
  }

  /// Compares the logits of the round that was computed last.
  private func compareRound(_ targets: [Int]) throws(ModelError) {
    try pool.run(count: targets.count) { (index, worker) throws(ModelError) in
      let own = ReferenceDistribution(
        try reference.head.logits(ofRound: index), scratch: distributions[worker])
      for (column, candidate) in candidates.enumerated() {
        comparisons[index * candidates.count + column] = own.comparison(
          with: try candidate.model.head.logits(ofRound: index), target: targets[index])
      }
    }
  }
}

/// How much is worked on at once, so that private memory stays bounded at any size of model.
private struct WorkingSize {
  /// Tokens that a batch is filled up to.
  let batchTokens: Int
  /// The most tokens of a batch: one long sentence may exceed `batchTokens`.
  let maximumTokens: Int
  let positionsPerRound: Int

  // Enough tokens to make decoding weights once for all of them worth it, in what a small machine has to spare.
  private static let activationBytes = 80 << 20
  private static let logitBytes = 48 << 20

  init(_ configuration: ModelConfiguration, models: Int) {
    let width = configuration.embeddingSize
    let layers = configuration.layerCount + 1
    // Of a token: seven rows of the width and two of the feed-forward block, by model, and the reference's trace.
    let tokenBytes = 4 * (models * (7 * width + 2 * configuration.feedForwardSize) + layers * width)
    batchTokens = min(max(Self.activationBytes / tokenBytes, 64), 1024)
    maximumTokens = max(batchTokens, configuration.maxPositions)
    positionsPerRound = min(
      max(Self.logitBytes / (4 * models * configuration.vocabularySize), 4), 64)
  }
}
