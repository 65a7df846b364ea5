public import ThimbleSystem

/// y = x Wᵀ + b.
public struct Linear {
  public let weights: any PanelSource
  /// One value per output, zero up to a multiple of 32.
  public let bias: AlignedArray<Float>

  public init(weights: any PanelSource, bias: AlignedArray<Float>) {
    precondition(
      bias.count >= PanelGeometry.paddedRows(weights.rows), "the bias is not padded to panels")
    self.weights = weights
    self.bias = bias
  }
}

/// Rows of fp32 values with room for whole panels: `width` rounded up to 32 values apart.
public struct FloatRows {
  public let values: AlignedArray<Float>
  public let rows: Int
  public let width: Int
  public let stride: Int

  public init(rows: Int, width: Int) throws(SystemError) {
    self.rows = rows
    self.width = width
    stride = PanelGeometry.paddedRows(width)
    values = try AlignedArray(count: rows * stride)
  }

  /// Rows in a part of `memory` that begins at `offset`, a multiple of 16.
  public init(rows: Int, width: Int, in memory: AlignedArray<Float>, at offset: Int = 0) {
    self.rows = rows
    self.width = width
    stride = PanelGeometry.paddedRows(width)
    values = AlignedArray(offset..<offset + rows * stride, of: memory)
  }

  /// The rows from `row` on, as kernels take them.
  public func from(row: Int) -> Rows { Rows(values, at: row * stride, stride: stride) }

  /// Bytes that such rows take.
  public static func byteCount(rows: Int, width: Int) -> Int {
    rows * PanelGeometry.paddedRows(width) * 4
  }
}

/// The input of linear layers: fp32 rows, and their quantised form for int8 weights.
public struct LinearInput {
  public let rows: FloatRows
  public let quantized: QuantizedRows

  public init(rows: FloatRows, quantized: QuantizedRows) {
    self.rows = rows
    self.quantized = quantized
  }
}

/// How a layer takes its input.
public struct InputForm {
  public let precision: WeightPrecision
  /// What every column is multiplied by before it is quantised; nil: nothing.
  public let columnFactors: AlignedArray<Float>?

  public init(of weights: any PanelSource) {
    precision = weights.precision
    columnFactors = weights.columnFactors
  }
}

/// Linear layers with the same input, computed in one go; each has its output.
public struct LinearGroup {
  private let layers: [(layer: Linear, output: FloatRows)]
  /// Chunks are the tasks of a region: the number of those of all layers up to each.
  private let taskEnds: [Int]
  public let inputForm: InputForm

  /// The layers must agree in precision and column factors, since their input is quantised once.
  public init(_ layers: [(layer: Linear, output: FloatRows)]) {
    let first = layers[0].layer.weights
    precondition(
      layers.allSatisfy {
        $0.layer.weights.precision == first.precision
          && $0.layer.weights.columnFactors === first.columnFactors
      }, "layers of a group differ in how they take their input")
    self.layers = layers
    inputForm = InputForm(of: first)
    var taskEnds: [Int] = []
    for (layer, _) in layers {
      taskEnds.append((taskEnds.last ?? 0) + layer.weights.chunkCount)
    }
    self.taskEnds = taskEnds
  }

  /// Fills the first `rows` rows of every output from those of `input`.
  ///
  /// For int8 weights `input.quantized` must hold the rows already, with the group's column factors.
  public func compute(
    _ input: LinearInput, rows: Int, pool: ComputePool, kernels: KernelTable,
    meter: PassMeter? = nil
  ) throws(WeightError) {
    let start = meter.now()
    for (layer, _) in layers { layer.weights.willUse() }
    try pool.run(
      count: taskEnds.last ?? 0,
      Region(group: self, input: input, rows: rows, kernels: kernels, meter: meter))
    for (layer, _) in layers { layer.weights.didUse() }
    meter?.divide(since: start)
  }

  /// A task is a chunk of a layer.
  private struct Region: RegionBody {
    let group: LinearGroup
    let input: LinearInput
    let rows: Int
    let kernels: KernelTable
    let meter: PassMeter?

    func perform(_ task: Int, worker: Int) throws(WeightError) {
      var index = 0
      while task >= group.taskEnds[index] { index += 1 }
      let (layer, output) = group.layers[index]
      let chunk = task - (group.taskEnds[index] - layer.weights.chunkCount)
      let panels = layer.weights.panels(ofChunk: chunk)
      let start = meter.now()
      let loaded = try layer.weights.load(chunk: chunk, worker: worker)
      let isLoaded = meter.addWork(worker, .decode, since: start)
      layer.multiply(
        loaded, panels: panels, input, rows: 0..<rows,
        into: Rows(
          output.values, at: panels.lowerBound * PanelGeometry.panelRows, stride: output.stride),
        kernels: kernels)
      meter.addWork(worker, .matmul, since: isLoaded)
    }
  }
}

extension Linear {
  /// Computes the outputs of `panels`, which are loaded, for the rows `rows` of `input`.
  func multiply(
    _ loaded: LoadedPanels, panels: Range<Int>, _ input: LinearInput, rows: Range<Int>,
    into out: Rows, kernels: KernelTable
  ) {
    let bias = bias.from(panels.lowerBound * PanelGeometry.panelRows)
    switch loaded {
    case .int8(let first):
      kernels.matmulQ8(
        first, count: panels.count, x: input.quantized, tokens: rows, bias: bias, out: out)
    case .float32(let first):
      for index in 0..<panels.count {
        kernels.matmulF32(
          weights: first.array.from(
            first.offset + index * PanelGeometry.panelRows * weights.columns),
          k: weights.columns, x: input.rows.from(row: rows.lowerBound), tokens: rows.count,
          bias: bias.array.from(bias.offset + index * PanelGeometry.panelRows),
          out: out.from(column: index * PanelGeometry.panelRows))
      }
    }
  }
}

extension QuantizedRows {
  /// Bytes that so many rows take.
  public static func byteCount(rows: Int, columns: Int, precision: ActivationPrecision) -> Int {
    let k = PanelGeometry.paddedColumns(columns)
    return rows * ((precision == .int16 ? 2 * k : k) + k / PanelGeometry.block * 8)
  }
}
