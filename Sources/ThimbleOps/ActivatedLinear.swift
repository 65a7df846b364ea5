public import ThimbleSystem

/// A linear layer with int8 weights, an activation function, and the int8 form of what comes out: the first half
/// of a feed-forward block. A chunk's outputs stay in the worker's cache until they are int8: as fp32 they would be
/// the largest of all activations.
public struct ActivatedLinear {
  /// What is done to the outputs.
  public enum Activation: Sendable {
    /// x (1 + erf(x / sqrt 2)) / 2
    case gelu
    /// max(x, 0)
    case relu

    /// Replaces the values in `range` by what they become.
    public func apply(
      to values: AlignedArray<Float>, _ range: Range<Int>, _ kernels: KernelTable
    ) {
      switch self {
      case .gelu: kernels.gelu(values.from(range.lowerBound), count: range.count)
      case .relu:
        values.withMutableSpan(range) { span in
          for index in span.indices { span[index] = max(span[index], 0) }
        }
      }
    }
  }

  private let layer: Linear
  private let activation: Activation
  private let nextFactors: AlignedArray<Float>?
  /// Chunks that a task takes: as many as it needs for whole blocks of outputs.
  private let chunksPerTask: Int
  private let rowsPerRound: Int
  /// One for each worker.
  private let tiles: [AlignedArray<Float>]

  /// - Parameters:
  ///   - layer: its weights are int8.
  ///   - nextFactors: column factors of the layer that reads the result.
  ///   - maximumRows: the most rows of input.
  ///   - tiles: makes memory of so many values for each worker. Layers may share it.
  public init(
    _ layer: Linear, activation: Activation, nextFactors: AlignedArray<Float>?, maximumRows: Int,
    tiles: (_ count: Int) throws(SystemError) -> [AlignedArray<Float>]
  ) throws(SystemError) {
    precondition(layer.weights.precision == .int8, "the weights are not int8")
    self.layer = layer
    self.activation = activation
    self.nextFactors = nextFactors
    let panels = layer.weights.panels(ofChunk: 0).count
    let isWhole = Self.isWhole(panels: panels, chunkCount: layer.weights.chunkCount)
    chunksPerTask = isWhole ? 1 : 2
    rowsPerRound = isWhole ? min(Self.rowsPerRound, maximumRows) : maximumRows
    self.tiles = try tiles(
      Self.tileSize(
        panels: panels, chunkCount: layer.weights.chunkCount, maximumRows: maximumRows))
  }

  /// Whether each chunk yields whole blocks of outputs.
  private static func isWhole(panels: Int, chunkCount: Int) -> Bool {
    panels * PanelGeometry.panelRows % PanelGeometry.block == 0 || chunkCount == 1
  }

  /// Values that a worker's tile holds for weights in `chunkCount` chunks of `panels` panels.
  public static func tileSize(panels: Int, chunkCount: Int, maximumRows: Int) -> Int {
    let width = panels * PanelGeometry.panelRows
    return isWhole(panels: panels, chunkCount: chunkCount)
      ? min(rowsPerRound, maximumRows) * width : maximumRows * width * 2
  }

  // With 128 outputs, 32 KiB: the first level of the cache.
  private static let rowsPerRound = 64

  /// Fills the first `rows` rows of `output` from those of `input`.
  public func compute(
    _ input: LinearInput, into output: QuantizedRows, rows: Int, pool: ComputePool,
    kernels: KernelTable, meter: PassMeter? = nil
  ) throws(WeightError) {
    let start = meter.now()
    layer.weights.willUse()
    let taskCount = (layer.weights.chunkCount + chunksPerTask - 1) / chunksPerTask
    try pool.run(
      count: taskCount,
      Region(
        layer: self, input: input, output: output, rows: rows, kernels: kernels, meter: meter))
    layer.weights.didUse()
    meter?.divide(since: start)
  }

  /// A task is `chunksPerTask` chunks.
  private struct Region: RegionBody {
    let layer: ActivatedLinear
    let input: LinearInput
    let output: QuantizedRows
    let rows: Int
    let kernels: KernelTable
    let meter: PassMeter?

    func perform(_ task: Int, worker: Int) throws(WeightError) {
      try layer.compute(
        task, input, into: output, rows: rows, worker: worker, kernels: kernels, meter: meter)
    }
  }

  private func compute(
    _ task: Int, _ input: LinearInput, into output: QuantizedRows, rows: Int, worker: Int,
    kernels: KernelTable, meter: PassMeter?
  ) throws(WeightError) {
    let weights = layer.weights
    let chunks =
      task * chunksPerTask..<min((task + 1) * chunksPerTask, weights.chunkCount)
    let firstPanel = weights.panels(ofChunk: chunks.lowerBound).lowerBound
    let endPanel = weights.panels(ofChunk: chunks.upperBound - 1).upperBound
    let stride = (endPanel - firstPanel) * PanelGeometry.panelRows
    let tile = Rows(tiles[worker], stride: stride)
    var loaded: LoadedPanels?
    for round in Swift.stride(from: 0, to: rows, by: rowsPerRound) {
      let range = round..<min(round + rowsPerRound, rows)
      for chunk in chunks {
        var time = meter.now()
        if loaded == nil || chunks.count > 1 {
          loaded = try weights.load(chunk: chunk, worker: worker)
        }
        guard let loaded else { continue }
        time = meter.addWork(worker, .decode, since: time)
        let panels = weights.panels(ofChunk: chunk)
        layer.multiply(
          loaded, panels: panels, input, rows: range,
          into: tile.from(column: (panels.lowerBound - firstPanel) * PanelGeometry.panelRows),
          kernels: kernels)
        meter.addWork(worker, .matmul, since: time)
      }
      let time = meter.now()
      activation.apply(to: tile.array, 0..<range.count * stride, kernels)
      // Outputs beyond the last are padding of its panel.
      let column = firstPanel * PanelGeometry.panelRows
      kernels.quantize(
        tile, columns: min(stride, weights.rows - column),
        columnFactors: nextFactors?.from(column), into: output, rows: range, column: column)
      meter.addWork(worker, .other, since: time)
    }
  }
}
