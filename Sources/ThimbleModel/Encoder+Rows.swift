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
  /// hidden = LayerNorm(hidden + addend), and its int8 form for `next`, if there is one that wants it.
  func normalize(
    _ norm: LayerNorm, adding addend: FloatRows?, rows: Int, for next: InputForm?
  ) {
    meter.measure(.other) {
      apply(
        normalization(norm, adding: addend, into: workspace.hidden, for: next), toRows: rows)
    }
  }

  /// hidden += addend, output = LayerNorm(hidden), and its int8 form for `next`, if there is one that wants it.
  ///
  /// - Parameter norm: nil if nothing reads the output, which then is left as it is.
  func normalizeApart(
    _ norm: LayerNorm?, adding addend: FloatRows?, into output: FloatRows, rows: Int,
    for next: InputForm?
  ) {
    meter.measure(.other) {
      apply(
        Residual(
          addition: addend.map { Addition(addend: $0, sum: workspace.hidden) },
          normalization: norm.map { normalization($0, adding: nil, into: output, for: next) }),
        toRows: rows)
    }
  }

  private func normalization(
    _ norm: LayerNorm, adding addend: FloatRows?, into output: FloatRows, for next: InputForm?
  ) -> Normalization {
    Normalization(
      norm: norm, addend: addend, hidden: workspace.hidden, output: output,
      next: next.map { Quantization(output, $0, workspace.quantized, kernels) }, kernels: kernels)
  }

  /// The int8 form of `input`, if layers of this form take it.
  func quantize(
    _ input: FloatRows, for form: InputForm, into quantized: QuantizedRows, rows: Int
  ) {
    meter.measure(.other) {
      apply(Quantization(input, form, quantized, kernels), toRows: rows)
    }
  }

  /// The activation function over `values`, and their int8 form for `next`, if it wants it.
  func activate(
    _ values: FloatRows, rows: Int, for next: InputForm, into quantized: QuantizedRows
  ) {
    meter.measure(.other) {
      apply(
        Activation(
          function: configuration.activation.operation, values: values,
          next: Quantization(values, next, quantized, kernels), kernels: kernels),
        toRows: rows)
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
    apply(
      Rounding(
        quantized: quantized, columns: input.width, factors: group.inputForm.columnFactors,
        output: rounded),
      toRows: rows)
    return rounded
  }

  private func apply(_ operation: some RowOperation, toRows rows: Int) {
    pool.run(
      count: (rows + rowsPerTask - 1) / rowsPerTask, RowRegion(operation: operation, rows: rows))
  }
}

// Enough work to be worth a task.
private let rowsPerTask = 4

private struct RowRegion<Operation: RowOperation>: RegionBody {
  let operation: Operation
  let rows: Int

  func perform(_ task: Int, worker: Int) {
    operation.apply(to: task * rowsPerTask..<min((task + 1) * rowsPerTask, rows))
  }
}

/// What is done to rows by themselves.
private protocol RowOperation {
  func apply(to rows: Range<Int>)
}

private struct Normalization: RowOperation {
  let norm: LayerNorm
  let addend: FloatRows?
  let hidden: FloatRows
  /// May be `hidden` itself.
  let output: FloatRows
  let next: Quantization?
  let kernels: KernelTable

  func apply(to rows: Range<Int>) {
    kernels.layerNorm(
      hidden.from(row: rows.lowerBound), residual: addend?.from(row: rows.lowerBound),
      rows: rows.count, columns: hidden.width, weight: norm.weight.from(0), bias: norm.bias.from(0),
      epsilon: norm.epsilon, out: output.from(row: rows.lowerBound))
    next?.apply(to: rows)
  }
}

private struct Addition: RowOperation {
  let addend: FloatRows
  let sum: FloatRows

  func apply(to rows: Range<Int>) {
    precondition(addend.stride == sum.stride, "rows of different widths")
    let range = rows.lowerBound * sum.stride..<rows.upperBound * sum.stride
    addend.values.withSpan(range) { addend in
      sum.values.withMutableSpan(range) { sum in
        for index in addend.indices { sum[index] += addend[index] }
      }
    }
  }
}

/// What stands between two blocks of a model that normalises what its blocks read.
private struct Residual: RowOperation {
  let addition: Addition?
  let normalization: Normalization?

  func apply(to rows: Range<Int>) {
    addition?.apply(to: rows)
    normalization?.apply(to: rows)
  }
}

private struct Quantization: RowOperation {
  let input: FloatRows
  let form: InputForm
  let output: QuantizedRows
  let kernels: KernelTable

  init(_ input: FloatRows, _ form: InputForm, _ output: QuantizedRows, _ kernels: KernelTable) {
    (self.input, self.form, self.output, self.kernels) = (input, form, output, kernels)
  }

  func apply(to rows: Range<Int>) {
    guard form.precision != .float32 else { return }
    kernels.quantize(
      input.from(row: rows.lowerBound), columns: input.width,
      columnFactors: form.columnFactors?.from(0), into: output, rows: rows)
  }
}

private struct Activation: RowOperation {
  let function: ActivatedLinear.Activation
  let values: FloatRows
  let next: Quantization
  let kernels: KernelTable

  func apply(to rows: Range<Int>) {
    function.apply(
      to: values.values, rows.lowerBound * values.stride..<rows.upperBound * values.stride, kernels)
    next.apply(to: rows)
  }
}

private struct Rounding: RowOperation {
  let quantized: QuantizedRows
  let columns: Int
  let factors: AlignedArray<Float>?
  let output: FloatRows

  func apply(to rows: Range<Int>) {
    quantized.dequantize(rows: rows, columns: columns, factors: factors, into: output)
  }
}
