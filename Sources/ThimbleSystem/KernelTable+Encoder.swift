internal import CThimbleKernels

/// Which keys a query sees.
public enum AttentionMask: Sendable {
  /// All of the sequence.
  case none
  /// Those up to its own position.
  case causal
}

// Operations of the forward pass.
extension KernelTable {
  /// Multiplies activations by panels: out[t, r] = bias[r] + x[tokens[t]] . panels[r].
  ///
  /// - Parameters:
  ///   - first: the first of the panels; the others follow it without gaps.
  ///   - count: how many panels.
  ///   - x: its k is that of the panels.
  ///   - tokens: which rows of x.
  ///   - bias: [count * 32]
  ///   - out: one row of count * 32 for each of `tokens`; overwritten.
  public func matmulQ8(
    _ first: Q8Panel, count: Int = 1, x: QuantizedRows, tokens: Range<Int>,
    bias: ArrayTail<Float>, out: Rows
  ) {
    let k = first.k
    let blocks = k / PanelGeometry.block
    let rows = product(count, PanelGeometry.panelRows)
    precondition(x.k == k, "activations have \(x.k) columns, the panel \(k)")
    precondition(
      tokens.lowerBound >= 0 && tokens.upperBound <= x.rows, "rows \(tokens) of \(x.rows)")
    var next: UnsafePointer<UInt8>?
    var nextSize = 0
    switch first.next {
    case .nothing: break
    case .followingCodes:
      nextSize = first.codes.array.count - first.codes.offset - product(k, rows)
    case .bytes(let bytes):
      unsafe next = bytes.base.assumingMemoryBound(to: UInt8.self)
      nextSize = bytes.count
    }
    unsafe withUnsafeBytes(of: first.steps.steps) { steps in
      var arguments = unsafe tk_matmul_q8(
        codes: first.codes.pointer(needing: product(k, rows)),
        scaleCodes: first.scaleCodes.pointer(needing: product(blocks, rows)),
        steps: steps.assumingMemoryBound(to: Float.self).baseAddress.unsafelyUnwrapped,
        x: x.codes.pointer(at: tokens.lowerBound * k, needing: tokens.count * k),
        xLow: x.lowCodes?.pointer(at: tokens.lowerBound * k, needing: tokens.count * k),
        xScales: x.scales.pointer(at: tokens.lowerBound * blocks, needing: tokens.count * blocks),
        xOffsets: x.offsets.pointer(at: tokens.lowerBound * blocks, needing: tokens.count * blocks),
        bias: bias.pointer(needing: rows),
        out: out.pointer(rows: tokens.count, columns: rows),
        k: k, tokens: tokens.count, outStride: out.stride, panels: count,
        next: next, nextSize: max(nextSize, 0))
      unsafe isa.pointee.matmul_q8(&arguments)
    }
  }

  /// Multiplies activations by an fp32 panel: out[t, r] = bias[r] + x[t] . weights[.., r].
  ///
  /// - Parameters:
  ///   - weights: [k][32], as `packF32` makes them.
  ///   - x: `tokens` rows of k.
  ///   - bias: [32]
  ///   - out: `tokens` rows of 32; overwritten.
  public func matmulF32(
    weights: ArrayTail<Float>, k: Int, x: Rows, tokens: Int, bias: ArrayTail<Float>, out: Rows
  ) {
    var arguments = unsafe tk_matmul_f32(
      weights: weights.pointer(needing: product(k, PanelGeometry.panelRows)),
      x: x.pointer(rows: tokens, columns: k),
      bias: bias.pointer(needing: PanelGeometry.panelRows),
      out: out.pointer(rows: tokens, columns: PanelGeometry.panelRows),
      k: k, tokens: tokens, xStride: x.stride, outStride: out.stride)
    unsafe isa.pointee.matmul_f32(&arguments)
  }

  /// Quantises rows of activations to the precision of `out`.
  ///
  /// - Parameters:
  ///   - x: `rows.count` rows of `columns`.
  ///   - columnFactors: [columns], multiplied in first.
  ///   - out: in its rows `rows`, the blocks that the columns fill from `column` on are overwritten; what is
  ///     missing in the last one becomes zero.
  ///   - column: a multiple of 64.
  public func quantize(
    _ x: Rows, columns: Int, columnFactors: ArrayTail<Float>? = nil, into out: QuantizedRows,
    rows: Range<Int>, column: Int = 0
  ) {
    let k = PanelGeometry.paddedColumns(columns)
    let blocks = out.k / PanelGeometry.block
    precondition(
      columns >= 0 && column >= 0 && column % PanelGeometry.block == 0 && k <= out.k - column,
      "\(columns) columns into \(out.k) from \(column)")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= out.rows, "rows \(rows) of \(out.rows)")
    // From the first block that is written to the end of the last row.
    let count = rows.isEmpty ? 0 : rows.count * out.k - column
    let firstBlock = rows.lowerBound * blocks + column / PanelGeometry.block
    let blockCount = count / PanelGeometry.block
    let firstCode = rows.isEmpty ? 0 : rows.lowerBound * out.k + column
    var arguments = unsafe tk_quantize(
      x: x.pointer(rows: rows.count, columns: columns),
      columnFactors: columnFactors?.pointer(needing: columns),
      codes: out.codes.pointer(at: firstCode, needing: count),
      low: out.lowCodes?.pointer(at: firstCode, needing: count),
      scales: out.scales.pointer(at: rows.isEmpty ? 0 : firstBlock, needing: blockCount),
      offsets: out.offsets.pointer(at: rows.isEmpty ? 0 : firstBlock, needing: blockCount),
      rows: rows.count, n: columns, k: k, xStride: x.stride, codesStride: out.k)
    unsafe isa.pointee.quantize(&arguments)
  }

  /// out = LayerNorm(x + residual) * weight + bias, row by row.
  ///
  /// - Parameters:
  ///   - rows: how many rows `x`, `residual` and `out` have.
  ///   - columns: at least 1.
  ///   - weight: [columns]
  ///   - bias: [columns]
  ///   - out: overwritten; may be `x` or `residual` itself.
  public func layerNorm(
    _ x: Rows, residual: Rows? = nil, rows: Int, columns: Int, weight: ArrayTail<Float>,
    bias: ArrayTail<Float>, epsilon: Float, out: Rows
  ) {
    precondition(columns > 0, "\(columns) columns")
    var arguments = unsafe tk_layer_norm(
      x: x.pointer(rows: rows, columns: columns),
      residual: residual?.pointer(rows: rows, columns: columns),
      weight: weight.pointer(needing: columns), bias: bias.pointer(needing: columns),
      out: out.pointer(rows: rows, columns: columns),
      rows: rows, n: columns, xStride: x.stride, residualStride: residual?.stride ?? 0,
      outStride: out.stride, epsilon: epsilon)
    unsafe isa.pointee.layer_norm(&arguments)
  }

  /// Floats of scratch that attention over `length` tokens needs.
  public static func attentionScratch(length: Int, headDim: Int) -> Int {
    precondition(length >= 0 && headDim > 0, "\(length) tokens, head of \(headDim)")
    return tk_attention_scratch(length, headDim)
  }

  /// Attention of one head of one sequence: out[i] = softmax(q[i] . k[j] / sqrt(headDim)) . v.
  ///
  /// - Parameters:
  ///   - q: `length` rows of headDim; `k` and `v` likewise, with the same stride.
  ///   - scratch: `attentionScratch(length:headDim:)` floats, overwritten.
  ///   - out: `length` rows of headDim; overwritten. Not the place of q, k or v.
  public func attention(
    q: Rows, k: Rows, v: Rows, length: Int, headDim: Int, mask: AttentionMask = .none,
    scratch: ArrayTail<Float>, out: Rows
  ) {
    precondition(q.stride == k.stride && q.stride == v.stride, "q, k and v differ in stride")
    var arguments = unsafe tk_attention(
      q: q.pointer(rows: length, columns: headDim),
      k: k.pointer(rows: length, columns: headDim),
      v: v.pointer(rows: length, columns: headDim),
      out: out.pointer(rows: length, columns: headDim),
      scratch: scratch.pointer(
        needing: Self.attentionScratch(length: length, headDim: headDim)),
      length: length, headDim: headDim, stride: q.stride, outStride: out.stride,
      scale: 1 / Float(headDim).squareRoot(), causal: mask == .causal)
    unsafe isa.pointee.attention(&arguments)
  }

  /// x = x * (1 + erf(x / sqrt 2)) / 2, for `count` values in place.
  public func gelu(_ x: ArrayTail<Float>, count: Int) {
    unsafe isa.pointee.gelu(x.pointer(needing: count), count)
  }

  /// The largest of `count` values (at least one), and the sum of exp(value - largest).
  public func sumExp(_ x: ArrayTail<Float>, count: Int) -> (max: Float, sum: Float) {
    precondition(count > 0, "no value")
    var max: Float = 0
    var sum: Float = 0
    unsafe isa.pointee.sum_exp(x.pointer(needing: count), count, &max, &sum)
    return (max, sum)
  }
}
