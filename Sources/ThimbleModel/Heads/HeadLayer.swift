internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

/// A linear layer of a head, with room for the rows that go through it at once.
struct HeadLayer {
  /// [rows, inputs]: to be filled.
  let input: FloatRows
  /// [rows, outputs]
  let output: FloatRows
  private let quantized: QuantizedRows
  private let group: LinearGroup
  private let provider: any WeightProvider
  private let encoder: Encoder

  /// Rows that go through it at once.
  var rows: Int { input.rows }

  /// - Parameter output: where the outputs go; nil: into memory of its own.
  init(
    _ layer: Linear, of provider: any WeightProvider, on encoder: Encoder, rows: Int,
    output: FloatRows? = nil
  ) throws(ModelError) {
    (self.provider, self.encoder) = (provider, encoder)
    let (inputs, outputs) = (layer.weights.columns, layer.weights.rows)
    do {
      input = try FloatRows(rows: rows, width: inputs)
      quantized = try QuantizedRows(
        rows: rows, k: PanelGeometry.paddedColumns(inputs), precision: encoder.activations)
      if let output {
        self.output = output
      } else {
        self.output = try FloatRows(rows: rows, width: outputs)
      }
    } catch { throw .system(error) }
    group = LinearGroup([(layer, self.output)])
  }

  init(
    _ slot: LinearSlot, of provider: any WeightProvider, on encoder: Encoder, rows: Int
  ) throws(ModelError) {
    try self.init(provider.linear(slot), of: provider, on: encoder, rows: rows)
  }

  /// Bytes that it takes; without `outputs`, those of the input alone.
  static func byteCount(
    rows: Int, from inputs: Int, to outputs: Int = 0, _ activations: ActivationPrecision
  ) -> Int {
    FloatRows.byteCount(rows: rows, width: inputs)
      + QuantizedRows.byteCount(rows: rows, columns: inputs, precision: activations)
      + FloatRows.byteCount(rows: rows, width: outputs)
  }

  /// Fills the first `count` rows of `output` from those of `input`.
  func compute(rows count: Int) throws(ModelError) {
    encoder.quantize(input, for: group.inputForm, into: quantized, rows: count)
    do throws(WeightError) {
      try encoder.compute(group, input, quantized, rows: count)
    } catch { throw .weights(error) }
    try provider.checkUnchanged()
  }

  /// Puts the last hidden state `row` into row `target` of the input, from `column` on.
  func take(_ row: Int, to target: Int, column: Int = 0) {
    input.copy(row, of: encoder.hidden, to: target, column: column)
  }

  /// Puts `count` rows through the layer in rounds: `fill` brings the row with an index to a place of the input, and `use` takes
  /// it from that place of the output.
  func computeInRounds(
    _ count: Int, fill: (_ index: Int, _ place: Int) -> Void,
    use: (_ index: Int, _ place: Int) -> Void
  ) throws(ModelError) {
    for start in stride(from: 0, to: count, by: rows) {
      let round = start..<min(start + rows, count)
      for index in round { fill(index, index - start) }
      try compute(rows: round.count)
      for index in round { use(index, index - start) }
    }
  }
}

extension FloatRows {
  /// A copy of row `row`.
  func row(_ row: Int) -> [Float] {
    values.withSpan(row * stride..<row * stride + width) { span in span.indices.map { span[$0] } }
  }

  /// Copies row `row` of `other` to row `target`, from `column` on.
  func copy(_ row: Int, of other: FloatRows, to target: Int, column: Int = 0) {
    precondition(column + other.width <= width && target < rows, "no room for the row")
    let (source, place) = (row * other.stride, target * stride + column)
    for index in 0..<other.width { values[place + index] = other.values[source + index] }
  }

  /// Replaces the first `count` rows' values by what `function` makes of them.
  func apply(toRows count: Int, _ function: (Float) -> Float) {
    for row in 0..<count {
      let place = row * stride
      for index in place..<place + width { values[index] = function(values[index]) }
    }
  }
}
