internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// The search of XLMForQuestionAnswering: the likeliest starts, then for each the likeliest ends, and whether there is an answer
/// at all (Formats/numerics.md §10).
struct AnswerBeamSearch {
  private let encoder: Encoder
  private let startTopCount: Int
  private let endTopCount: Int
  private let start: HeadLayer
  private let endInner: HeadLayer
  private let endNorm: LayerNorm
  private let endOuter: HeadLayer
  private let noneInner: HeadLayer
  private let noneOuter: HeadLayer

  init(
    _ provider: any WeightProvider, on encoder: Encoder, _ size: HeadSize
  ) throws(ModelError) {
    self.encoder = encoder
    let configuration = provider.configuration
    let slots = configuration.answerBeam
    (startTopCount, endTopCount) = (configuration.startTopCount, configuration.endTopCount)
    func layer(_ slot: LinearSlot, rows: Int) throws(ModelError) -> HeadLayer {
      try HeadLayer(slot, of: provider, on: encoder, rows: rows)
    }
    start = try layer(slots.start, rows: size.sequences)
    endInner = try layer(slots.endInner, rows: size.sequences)
    endNorm = try provider.layerNorm(slots.endNorm)
    endOuter = try layer(slots.endOuter, rows: size.sequences)
    noneInner = try layer(slots.noneInner, rows: 1)
    let bias: AlignedArray<Float>
    do {
      bias = try AlignedArray(count: PanelGeometry.paddedRows(1))
    } catch { throw .system(error) }
    noneOuter = try HeadLayer(
      Linear(weights: try provider.matrix(slots.noneOuter), bias: bias), of: provider, on: encoder,
      rows: 1)
  }

  static func byteCount(_ configuration: ModelConfiguration, _ size: HeadSize) -> Int {
    let width = configuration.embeddingSize
    func bytes(_ rows: Int, from inputs: Int, to outputs: Int) -> Int {
      HeadLayer.byteCount(rows: rows, from: inputs, to: outputs, size.activations)
    }
    return 2 * bytes(size.sequences, from: width, to: 1)
      + bytes(size.sequences, from: 2 * width, to: width)
      + bytes(1, from: 2 * width, to: width) + bytes(1, from: width, to: 1)
  }

  /// - Parameter rows: those of `query.places` among the hidden states that were kept.
  func read(_ query: AnswerCandidates, _ rows: Range<Int>) throws(ModelError) -> AnswerReading {
    var logits: [Float] = []
    try start.computeInRounds(rows.count) {
      start.take(rows.lowerBound + $0, to: $1)
    } use: {
      logits.append(start.output.row($1)[0])
    }
    let starts = logits.exactSoftmax
    var beams: [AnswerBeam] = []
    for place in starts.largest(startTopCount) {
      beams.append(AnswerBeam(start: place, ends: try ends(of: rows, after: place.index)))
    }
    let none = query.places.firstIndex(of: query.none) ?? 0
    return .beams(beams, none: try noneLogit(of: rows, starts, none: none))
  }

  /// The likeliest ends of an answer that starts at `start`.
  private func ends(of rows: Range<Int>, after start: Int) throws(ModelError) -> [AnswerPlace] {
    let width = encoder.hidden.width
    var logits: [Float] = []
    for first in stride(from: 0, to: rows.count, by: endInner.rows) {
      let round = first..<min(first + endInner.rows, rows.count)
      for index in round {
        endInner.take(rows.lowerBound + index, to: index - first)
        endInner.take(rows.lowerBound + start, to: index - first, column: width)
      }
      try endInner.compute(rows: round.count)
      endInner.output.apply(toRows: round.count, exactTanh)
      encoder.kernels.layerNorm(
        endInner.output.from(row: 0), residual: nil, rows: round.count, columns: width,
        weight: endNorm.weight.from(0), bias: endNorm.bias.from(0), epsilon: endNorm.epsilon,
        out: endOuter.input.from(row: 0))
      try endOuter.compute(rows: round.count)
      for place in 0..<round.count { logits.append(endOuter.output.row(place)[0]) }
    }
    return logits.exactSoftmax.largest(endTopCount)
  }

  /// How likely it is that there is no answer: of the mean state of the starts, and the state of the token for none.
  private func noneLogit(
    of rows: Range<Int>, _ starts: [Double], none: Int
  ) throws(ModelError) -> Float {
    let (hidden, input) = (encoder.hidden, noneInner.input)
    for column in 0..<hidden.width {
      var sum = 0.0
      for (index, weight) in starts.enumerated() {
        sum += weight * Double(hidden.values[(rows.lowerBound + index) * hidden.stride + column])
      }
      input.values[column] = Float(sum)
    }
    noneInner.take(rows.lowerBound + none, to: 0, column: hidden.width)
    try noneInner.compute(rows: 1)
    noneInner.output.apply(toRows: 1, exactTanh)
    noneOuter.input.copy(0, of: noneInner.output, to: 0)
    try noneOuter.compute(rows: 1)
    return noneOuter.output.row(0)[0]
  }
}
