internal import Thimble
internal import ThimbleArchitecture
package import ThimbleEvaluation
package import ThimbleModel
internal import ThimbleOps
package import ThimbleRounding
package import ThimbleSystem

/// Runs a model over text and learns how errors of its weights can make up for each other.
package final class Calibrator {
  private let configuration: ModelConfiguration
  /// Without a head, sentences are not masked, and the token embeddings are a table like others.
  private let scoresVocabulary: Bool
  private let session: Session
  private let sum: MomentSum
  private let moments: [InputPlace: InputMoments]
  /// Each sequence with the rows of its masks.
  private var packer: BatchPacker<[Int]>

  /// Enough for the moments of inputs some thousand wide; more changes little.
  private static let tokenLimit = 1 << 15
  // Read beside a text: what it happens to lack must not be taken for what never occurs. Without them, a text in one
  // language makes the model worse in the others; they cost the text's own language nothing.
  private static let randomTokens = 2048
  private static let batchTokens = 1024
  // How much the columns of inputs are smoothed. What attention yields gains nothing by it.
  private static let smoothingStrength = 0.5
  // How much errors of the output matrix cost beyond what they do to the scores: its rows are the
  // embeddings too, where no column hides another's error. Found by measurement; 0.1 to 1 are alike.
  private static let embeddingIdentity: Float = 0.3

  /// - Parameter provider: the model in fp32.
  package init(
    _ provider: any WeightProvider, pool: ComputePool, kernels: KernelTable
  ) throws(EvaluationError) {
    let configuration = provider.configuration
    let scoresVocabulary = provider.heads.contains(.languageModel)
    (self.configuration, self.scoresVocabulary) = (configuration, scoresVocabulary)
    let maximum = max(Self.batchTokens, configuration.maxPositions)
    do throws(ModelError) {
      session = try Session(
        ModelSource(
          provider, tokenizer: nil, plan: nil, maximumTokens: maximum, heads: [],
          threads: pool.threadCount, kernels: kernels), on: pool)
      packer = BatchPacker(try Batch(maximumTokens: maximum), tokens: Self.batchTokens)
    } catch { throw .model(error) }
    do throws(SystemError) {
      let places = configuration.inputPlaces.filter { $0 != .vocabulary || scoresVocabulary }
      sum = try MomentSum(
        columns: places.map(configuration.width).max() ?? 0, maximumRows: maximum, pool: pool,
        kernels: kernels)
      var moments: [InputPlace: InputMoments] = [:]
      for place in places {
        moments[place] = try InputMoments(columns: configuration.width(of: place))
      }
      self.moments = moments
    } catch { throw .system(error) }
  }

  /// Reads `text`, or as much of it as helps.
  ///
  /// - Parameter progress: called now and then with the tokens done and the most that will be read.
  package func run(
    _ text: CalibrationText, progress: (_ done: Int, _ limit: Int) -> Void = { _, _ in }
  ) throws(EvaluationError) -> RoundingGuide {
    let read = try read(text.source(configuration, masks: scoresVocabulary), Self.tokenLimit) {
      progress($0, Self.tokenLimit)
    }
    guard read > 0 else { throw .nothingToMask(path: "the text to calibrate with") }
    if text.sentences != nil { _ = try self.read(RandomSource(configuration), Self.randomTokens) }
    do { return try guide() } catch { throw .system(error) }
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
      let input = SequenceInput(ids: sequence.ids, language: language)
      if !packer.fits(input) {
        try flush()
        progress(done)
      }
      let first = packer.batch.tokenCount
      do {
        try packer.append(input, sequence.targets.map { first + $0.position })
      } catch { throw .model(error) }
      done += sequence.ids.count
    }
    try flush()
    return done
  }

  private func flush() throws(EvaluationError) {
    guard !packer.isEmpty else { return }
    let (encoder, rows) = (session.encoder, Array(0..<packer.batch.tokenCount))
    encoder.observeInput = { [self] place, values in
      if let moments = moments[place] { sum.add(values, rows: rows, to: moments) }
    }
    do { try encoder.encode(packer.batch) } catch { throw .model(error) }
    if let vocabulary = moments[.vocabulary] {
      sum.add(encoder.hidden, rows: packer.tags.flatMap(\.self), to: vocabulary)
    }
    packer.removeAll()
  }

  private func guide() throws(SystemError) -> RoundingGuide {
    var matrices: [String: RoundingGuide.Matrix] = [:]
    for place in configuration.inputPlaces {
      guard let moments = moments[place] else { continue }
      if place == .vocabulary, configuration.tiesOutputEmbedding {
        moments.addIdentity(Self.embeddingIdentity)
      }
      let factors = try configuration.columnFactors(of: place).map { tensor throws(SystemError) in
        try ColumnFactors(tensor, smoothing: moments, strength: Self.smoothingStrength)
      }
      let feedback = try ErrorFeedback(consuming: moments)
      for tensor in configuration.matrices(reading: place) {
        matrices[tensor.name] = RoundingGuide.Matrix(
          feedback: feedback, columnFactors: factors ?? nil)
      }
    }
    return RoundingGuide(matrices)
  }
}
