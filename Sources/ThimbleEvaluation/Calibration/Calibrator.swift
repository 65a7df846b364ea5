public import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleOps
public import ThimbleSystem

/// Runs a model over text and learns how errors of its weights can make up for each other.
public final class Calibrator {
  private let configuration: XLMConfiguration
  /// Without a head, sentences are not masked, and the token embeddings are a table like others.
  private let scoresVocabulary: Bool
  private let encoder: Encoder
  private let batch: Batch
  private let sum: MomentSum
  /// One for each input of linear layers, in the order of computation; that of the output matrix is last.
  private let moments: [InputMoments]
  private var pending: [(MaskedSequence, Int32?)] = []
  private var pendingTokens = 0

  /// Enough for the moments of inputs some thousand wide; more changes little.
  public static let tokenLimit = 1 << 15
  // Read beside a text: what it happens to lack must not be taken for what never occurs. Without them, a text in one
  // language makes the model worse in the others; they cost the text's own language nothing.
  private static let randomTokens = 2048
  private static let batchTokens = 1024
  // How far the columns of inputs are evened out. What attention yields gains nothing by it.
  private static let evened = 0.5
  // How much errors of the output matrix cost beyond what they do to the scores: its rows are the
  // embeddings too, where no column hides another's error. Found by measurement; 0.1 to 1 are alike.
  private static let embeddingIdentity: Float = 0.3

  /// - Parameter provider: the model in fp32.
  public init(
    _ provider: any WeightProvider, pool: ComputePool, kernels: KernelTable
  ) throws(EvaluationError) {
    configuration = provider.configuration
    scoresVocabulary = provider.contains(MaskedLanguageModel.biasName)
    let maximum = max(Self.batchTokens, configuration.maxPositions)
    do throws(ModelError) {
      encoder = try Encoder(provider, maximumTokens: maximum, pool: pool, kernels: kernels)
      batch = try Batch(maximumTokens: maximum)
    } catch { throw .model(error) }
    do throws(SystemError) {
      let (width, inner) = (configuration.embeddingSize, configuration.feedForwardSize)
      sum = try MomentSum(
        columns: max(width, inner), maximumRows: maximum, pool: pool, kernels: kernels)
      var moments: [InputMoments] = []
      for _ in 0..<configuration.layerCount {
        for columns in [width, width, width, inner] {
          moments.append(try InputMoments(columns: columns))
        }
      }
      moments.append(try InputMoments(columns: width))
      self.moments = moments
    } catch { throw .system(error) }
  }

  /// Reads `text`, or as much of it as helps.
  ///
  /// - Parameter progress: called now and then with the tokens done and the most that will be read.
  public func run(
    _ text: CalibrationText, progress: (_ done: Int, _ limit: Int) -> Void = { _, _ in }
  ) throws(EvaluationError) -> RoundingGuide {
    let read = try read(text.source(configuration, masks: scoresVocabulary), Self.tokenLimit) {
      progress($0, Self.tokenLimit)
    }
    guard read > 0 else { throw .nothingToMask(path: "the text to calibrate with") }
    if text.sentences != nil { _ = try self.read(RandomSource(configuration), Self.randomTokens) }
    do { return try calibration() } catch { throw .system(error) }
  }

  /// Reads about `limit` tokens of `source`, or all.
  ///
  /// - Returns: how many there were.
  private func read(
    _ source: any SequenceSource, _ limit: Int, progress: (Int) -> Void = { _ in }
  ) throws(EvaluationError) -> Int {
    var source = source
    var done = 0
    while done < limit, let (sequence, language) = try source.next() {
      if pendingTokens + sequence.ids.count > Self.batchTokens {
        try flush()
        progress(done)
      }
      pending.append((sequence, language))
      pendingTokens += sequence.ids.count
      done += sequence.ids.count
    }
    try flush()
    return done
  }

  private func flush() throws(EvaluationError) {
    guard !pending.isEmpty else { return }
    batch.removeAll()
    var masked: [Int] = []
    do throws(ModelError) {
      for (sequence, language) in pending {
        masked += sequence.targets.map { batch.tokenCount + $0.position }
        try batch.append(sequence.ids, language: language)
      }
      var input = 0
      let rows = Array(0..<batch.tokenCount)
      encoder.observeInput = { [self] _, values in
        sum.add(values, rows: rows, to: moments[input])
        input += 1
      }
      try encoder.encode(batch)
    } catch { throw .model(error) }
    if let last = moments.last { sum.add(encoder.hidden, rows: masked, to: last) }
    pending.removeAll(keepingCapacity: true)
    pendingTokens = 0
  }

  private func calibration() throws(SystemError) -> RoundingGuide {
    var matrices: [String: RoundingGuide.Matrix] = [:]
    func add(
      _ moments: InputMoments, _ names: [String], factors factorsName: String?
    ) throws(SystemError) {
      var factors: ColumnFactors?
      if let factorsName {
        factors = try ColumnFactors(factorsName, evening: moments, share: Self.evened)
      }
      let feedback = try ErrorFeedback(consuming: moments)
      for name in names {
        matrices[name] = RoundingGuide.Matrix(feedback: feedback, columnFactors: factors)
      }
    }
    for layer in 0..<configuration.layerCount {
      let attention = "transformer.attentions.\(layer)"
      let feedForward = "transformer.ffns.\(layer)"
      let inputs = moments[(4 * layer)...]
      try add(
        inputs[4 * layer], ["q_lin", "k_lin", "v_lin"].map { "\(attention).\($0).weight" },
        factors: "\(attention).input_factors")
      try add(inputs[4 * layer + 1], ["\(attention).out_lin.weight"], factors: nil)
      try add(
        inputs[4 * layer + 2], ["\(feedForward).lin1.weight"],
        factors: "\(feedForward).input_factors")
      try add(
        inputs[4 * layer + 3], ["\(feedForward).lin2.weight"],
        factors: "\(feedForward).inner_factors")
    }
    if let last = moments.last, scoresVocabulary {
      let isTied = configuration.tiesOutputEmbedding
      if isTied { last.addIdentity(Self.embeddingIdentity) }
      try add(
        last,
        [isTied ? XLMConfiguration.tokenEmbeddingName : XLMConfiguration.outputEmbeddingName],
        factors: "transformer.output_factors")
    }
    return RoundingGuide(matrices)
  }
}
