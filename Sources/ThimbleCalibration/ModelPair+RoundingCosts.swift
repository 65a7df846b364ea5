internal import Thimble
internal import ThimbleArchitecture
package import ThimbleEvaluation
internal import ThimbleFormat
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleReference
internal import ThimbleSystem

extension ModelPair {
  // So many models fit beside the reference without making batches small.
  private static let candidatesAtATime = 6

  /// Measures what the rounding of each matrix costs by itself, over the number of its weights: the mean divergence of the
  /// output from that of the reference when only this matrix is the file's. Of a model that does not score its vocabulary
  /// the squared relative error of the last hidden states.
  ///
  /// - Parameter progress: called now and then with the share that is done.
  /// - Returns: the costs by the name of the matrix.
  package func roundingCosts(
    _ text: CalibrationText, progress: (Double) -> Void = { _ in }
  ) throws(EvaluationError) -> [String: Double] {
    if reference.heads.contains(.languageModel), let sentences = text.sentences {
      var options = EvaluationOptions()
      options.readsIDs = text.tables == nil
      // Sentences have about 20 tokens.
      options.limit = max(tokenLimit / 20 / sentences.languages.count, 1)
      return try outputCosts(sentences, options, progress: progress)
    }
    return try hiddenCosts(text, progress: progress)
  }

  /// Tokens that show what each matrix costs to a tenth, or fewer if the model is so large that they would take very long.
  private var tokenLimit: Int {
    let weights = quantisedMatrices.reduce(0) { $0 + $1.record.shape.valueCount }
    return min(max(Self.products / max(quantisedMatrices.count * weights, 1), 1024), 1 << 13)
  }

  // Of a weight and an input: some minutes on a small machine.
  private static let products = 50_000_000_000_000

  private func outputCosts(
    _ text: EvaluationText, _ options: EvaluationOptions, progress: (Double) -> Void
  ) throws(EvaluationError) -> [String: Double] {
    let (matrices, mixed) = (quantisedMatrices, mixer())
    var costs: [String: Double] = [:]
    for start in stride(from: 0, to: matrices.count, by: Self.candidatesAtATime) {
      let probes = matrices[start..<min(start + Self.candidatesAtATime, matrices.count)]
      let evaluation = try evaluator(
        probes.map { Candidate($0.tensor.name, mixed($0.tensor.name)) }, options
      ).run(
        text,
        progress: { done, total in
          let share = Double(probes.count) * Double(done) / Double(total)
          progress((Double(start) + share) / Double(matrices.count))
        })
      for (index, probe) in probes.enumerated() {
        guard let measures = evaluation.measures(candidate: index) else { continue }
        costs[probe.tensor.name] =
          measures.divergence.mean.value / Double(probe.record.shape.valueCount)
      }
    }
    return costs
  }

  private static let batchTokens = 1024

  private func hiddenCosts(
    _ text: CalibrationText, progress: (Double) -> Void
  ) throws(EvaluationError) -> [String: Double] {
    var source = try text.source(reference.configuration, masks: false)
    var sequences: [(ids: [Int32], language: Int32?)] = []
    var tokens = 0
    while tokens < tokenLimit, let (sequence, language) = try source.next() {
      sequences.append((sequence.ids, language))
      tokens += sequence.ids.count
    }
    guard tokens > 0 else { throw .nothingToMask(path: "the text to calibrate with") }
    let (matrices, mixed) = (quantisedMatrices, mixer())
    var costs: [String: Double] = [:]
    do throws(ModelError) {
      let own = try hiddenStates(of: reference, sequences, tokens: tokens)
      for (index, matrix) in matrices.enumerated() {
        let other = try hiddenStates(of: mixed(matrix.tensor.name), sequences, tokens: tokens)
        var (error, square) = (0.0, 0.0)
        for place in 0..<own.count {
          let difference = Double(other[place]) - Double(own[place])
          error += difference * difference
          square += Double(own[place]) * Double(own[place])
        }
        costs[matrix.tensor.name] = error / square / Double(matrix.record.shape.valueCount)
        progress(Double(index + 1) / Double(matrices.count))
      }
    } catch { throw .model(error) }
    return costs
  }

  /// The last hidden states of `sequences`, [tokens, width].
  private func hiddenStates(
    of provider: any WeightProvider, _ sequences: [(ids: [Int32], language: Int32?)], tokens: Int
  ) throws(ModelError) -> AlignedArray<Float> {
    let configuration = provider.configuration
    let width = configuration.embeddingSize
    let maximum = max(Self.batchTokens, configuration.maxPositions)
    let source = ModelSource(
      provider, tokenizer: nil, plan: nil, maximumTokens: maximum, heads: [],
      threads: pool.threadCount, kernels: kernels)
    let encoder = try Session(source, on: pool).encoder
    var packer = BatchPacker<Void>(try Batch(maximumTokens: maximum))
    let states: AlignedArray<Float>
    do { states = try AlignedArray(count: tokens * width) } catch { throw .system(error) }
    var done = 0
    func flush() throws(ModelError) {
      try encoder.encode(packer.batch)
      for row in 0..<packer.batch.tokenCount {
        for column in 0..<width {
          states[(done + row) * width + column] =
            encoder.hidden.values[row * encoder.hidden.stride + column]
        }
      }
      done += packer.batch.tokenCount
      packer.removeAll()
    }
    for (ids, language) in sequences {
      let input = SequenceInput(ids: ids, language: language)
      if !packer.fits(input) { try flush() }
      try packer.append(input, ())
    }
    try flush()
    return states
  }
}
