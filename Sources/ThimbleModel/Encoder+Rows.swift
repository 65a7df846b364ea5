internal import ThimbleOps
internal import ThimbleSystem

// The operations of a pass that treat each row by itself, split among the threads by rows.
extension Encoder {
  /// Calls `body` with ranges that make up `0..<rows`.
  func forRows(_ rows: Int, _ body: (Range<Int>) -> Void) {
    pool.run(count: (rows + Self.rowsPerTask - 1) / Self.rowsPerTask) { task, _ in
      body(task * Self.rowsPerTask..<min((task + 1) * Self.rowsPerTask, rows))
    }
  }

  /// hidden = LayerNorm(hidden + addend)
  func normalize(_ norm: LayerNorm, adding addend: FloatRows?, rows: Int) {
    forRows(rows) { range in
      kernels.layerNorm(
        workspace.hidden, adding: addend, weight: norm.weight, bias: norm.bias,
        epsilon: norm.epsilon, rows: range, into: workspace.hidden)
    }
  }

  /// The int8 form of `input`, if the weights of `group` are int8.
  func quantize(
    _ input: FloatRows, for group: LinearGroup, into quantized: QuantizedRows, rows: Int
  ) {
    guard group.precision == .int8 else { return }
    forRows(rows) { range in
      kernels.quantize(input, columnFactors: group.columnFactors, rows: range, into: quantized)
    }
  }

  func activate(_ values: FloatRows, rows: Int) {
    forRows(rows) { range in
      let elements = range.lowerBound * values.stride..<range.upperBound * values.stride
      switch configuration.activation {
      case .gelu: kernels.gelu(values.values, elements)
      case .relu:
        values.values.withMutableSpan(elements) { span in
          for index in span.indices { span[index] = max(span[index], 0) }
        }
      }
    }
  }

  func compute(
    _ group: LinearGroup, _ input: FloatRows, _ quantized: QuantizedRows, rows: Int
  ) throws(WeightError) {
    try group.compute(
      LinearInput(rows: input, quantized: quantized), rows: rows, pool: pool, kernels: kernels)
  }
}
