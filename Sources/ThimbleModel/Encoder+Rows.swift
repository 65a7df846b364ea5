internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

extension FloatRows {
  /// Moves `kept`, rows in increasing order, to the first places.
  func moveUp(_ kept: [Int]) {
    var last = -1
    for (target, row) in kept.enumerated() {
      precondition(row > last && row < rows, "row \(row) after \(last) of \(rows)")
      last = row
      guard target < row else { continue }
      for column in 0..<width {
        values[target * stride + column] = values[row * stride + column]
      }
    }
  }
}

// The operations of a pass that treat each row by itself, split among the threads by rows.
extension Encoder {
  /// Calls `body` with ranges that make up `0..<rows`.
  func forRows(_ rows: Int, _ body: (Range<Int>) -> Void) {
    pool.run(count: (rows + Self.rowsPerTask - 1) / Self.rowsPerTask) { task, _ in
      body(task * Self.rowsPerTask..<min((task + 1) * Self.rowsPerTask, rows))
    }
  }

  /// hidden = LayerNorm(hidden + addend), and its int8 form for `next`, if there is one that wants it.
  func normalize(
    _ norm: LayerNorm, adding addend: FloatRows?, rows: Int, for next: InputForm?
  ) {
    meter.measure(.other) {
      forRows(rows) { range in
        let hidden = workspace.hidden.from(row: range.lowerBound)
        kernels.layerNorm(
          hidden, residual: addend?.from(row: range.lowerBound), rows: range.count,
          columns: configuration.embeddingSize, weight: norm.weight.from(0),
          bias: norm.bias.from(0), epsilon: norm.epsilon, out: hidden)
        if let next {
          quantize(workspace.hidden, for: next, into: workspace.quantized, range: range)
        }
      }
    }
  }

  /// The int8 form of the rows `range` of `input`, if layers of this form take it.
  private func quantize(
    _ input: FloatRows, for form: InputForm, into quantized: QuantizedRows, range: Range<Int>
  ) {
    guard form.precision != .float32 else { return }
    kernels.quantize(
      input.from(row: range.lowerBound), columns: input.width,
      columnFactors: form.columnFactors?.from(0), into: quantized, rows: range)
  }

  /// The int8 form of `input`, if layers of this form take it.
  func quantize(
    _ input: FloatRows, for form: InputForm, into quantized: QuantizedRows, rows: Int
  ) {
    meter.measure(.other) {
      forRows(rows) { quantize(input, for: form, into: quantized, range: $0) }
    }
  }

  /// The activation function over `values`, and their int8 form for `next`, if it wants it.
  func activate(
    _ values: FloatRows, rows: Int, for next: InputForm, into quantized: QuantizedRows
  ) {
    meter.measure(.other) {
      forRows(rows) { range in
        let elements = range.lowerBound * values.stride..<range.upperBound * values.stride
        switch configuration.activation {
        case .gelu: kernels.gelu(values.values.from(elements.lowerBound), count: elements.count)
        case .relu:
          values.values.withMutableSpan(elements) { span in
            for index in span.indices { span[index] = max(span[index], 0) }
          }
        }
        quantize(values, for: next, into: quantized, range: range)
      }
    }
  }

  func compute(
    _ group: LinearGroup, _ input: FloatRows, _ quantized: QuantizedRows, rows: Int
  ) throws(WeightError) {
    let rounded = round(input, quantized, for: group, rows: rows)
    try group.compute(
      LinearInput(rows: rounded ?? input, quantized: quantized), rows: rows, pool: pool,
      kernels: kernels, meter: meter)
  }

  /// What `quantized` keeps of `input`, if `group` is to see just that; else nil.
  private func round(
    _ input: FloatRows, _ quantized: QuantizedRows, for group: LinearGroup, rows: Int
  ) -> FloatRows? {
    guard group.inputForm.precision == .float32WithRoundedInput, let rounded = workspace.rounded
    else {
      return nil
    }
    forRows(rows) { range in
      quantized.dequantize(
        rows: range, columns: input.width, factors: group.inputForm.columnFactors, into: rounded)
    }
    return rounded
  }
}
