internal import CThimbleKernels

/// The number type of a checkpoint's weights.
public enum WeightElement: Sendable, CaseIterable {
  case float32, float16, bfloat16

  public var byteCount: Int { self == .float32 ? 4 : 2 }

  var code: tk_element {
    switch self {
    case .float32: TK_F32
    case .float16: TK_F16
    case .bfloat16: TK_BF16
    }
  }
}

/// Consecutive rows of a weight matrix in the bytes of a checkpoint, at most 32, of any alignment.
public struct WeightRows: Sendable {
  public var bytes: ByteView
  public var element: WeightElement
  public var rows: Int
  public var columns: Int

  /// - Parameter bytes: exactly `rows * columns` weights.
  public init(_ bytes: ByteView, element: WeightElement, rows: Int, columns: Int) {
    precondition(
      rows >= 0 && rows <= PanelGeometry.panelRows && columns >= 0, "\(rows) x \(columns)")
    precondition(
      bytes.count == product(product(rows, columns), element.byteCount),
      "\(bytes.count) bytes for \(rows) x \(columns) weights")
    self.bytes = bytes
    self.element = element
    self.rows = rows
    self.columns = columns
  }
}

/// What `encodeQ8` says about a panel.
public struct EncodedPanel: Sendable, Equatable {
  /// Sum of w^2, where w is a weight times its column factor.
  public var signal: Double
  /// Sum of (w - code * scale)^2.
  public var noise: Double

  public init(signal: Double, noise: Double) {
    self.signal = signal
    self.noise = noise
  }
}

/// A weight that no scale code can hold: NaN, infinite, or too large for the step.
public struct WeightOutOfRange: Error, Equatable {
  public var row: Int
  public var column: Int

  public init(row: Int, column: Int) {
    self.row = row
    self.column = column
  }
}

// Operations on weights.
extension KernelTable {
  /// Transposes rows of weights into an fp32 panel.
  ///
  /// - Parameter out: [columns][32], overwritten; rows that are missing from 32 become zero.
  public func packF32(_ weights: WeightRows, into out: ArrayTail<Float>) {
    let columns = weights.columns
    var arguments = unsafe tk_pack_f32(
      weights: weights.bytes.base,
      out: out.pointer(needing: product(columns, PanelGeometry.panelRows)),
      rows: weights.rows, k: columns, stride: columns, element: weights.element.code)
    unsafe isa.pointee.pack_f32(&arguments)
  }

  /// Quantises rows of weights to an int8 panel.
  ///
  /// - Parameters:
  ///   - columnFactors: [columns], multiplied in first.
  ///   - codes: [k / 4][32][4], where k is `columns` rounded up to whole blocks; overwritten.
  ///   - scaleCodes: [k / 64][32], overwritten.
  /// - Throws: `WeightOutOfRange` with the first such weight, in row order; the panel is not valid.
  public func encodeQ8(
    _ weights: WeightRows, columnFactors: ArrayTail<Float>? = nil, steps: StepTable,
    codes: ArrayTail<UInt8>, scaleCodes: ArrayTail<UInt8>
  ) throws(WeightOutOfRange) -> EncodedPanel {
    let columns = weights.columns
    let k = PanelGeometry.paddedColumns(columns)
    let blocks = k / PanelGeometry.block
    let result = unsafe withUnsafeBytes(of: steps.steps) { steps in
      var arguments = unsafe tk_encode_q8(
        weights: weights.bytes.base,
        columnFactors: columnFactors?.pointer(needing: columns),
        steps: steps.assumingMemoryBound(to: Float.self).baseAddress.unsafelyUnwrapped,
        codes: codes.pointer(needing: product(k, PanelGeometry.panelRows)),
        scaleCodes: scaleCodes.pointer(needing: product(blocks, PanelGeometry.panelRows)),
        rows: weights.rows, n: columns, k: k, element: weights.element.code,
        signal: 0, noise: 0, notFinite: -1)
      unsafe isa.pointee.encode_q8(&arguments)
      return unsafe (arguments.signal, arguments.noise, arguments.notFinite)
    }
    guard result.2 < 0 else {
      throw WeightOutOfRange(row: result.2 / columns, column: result.2 % columns)
    }
    return EncodedPanel(signal: result.0, noise: result.1)
  }

  /// Writes what row `row` of `panel` stands for (Formats/thimble.md, "q8b64").
  ///
  /// - Parameters:
  ///   - row: of the panel's 32.
  ///   - columns: at most the panel's.
  ///   - columnFactors: [columns], multiplied in; nil: none.
  ///   - out: [columns], overwritten.
  public func dequantizeQ8(
    _ panel: Q8Panel, row: Int, columns: Int, columnFactors: ArrayTail<Float>?,
    into out: ArrayTail<Float>
  ) {
    precondition(
      row >= 0 && row < PanelGeometry.panelRows && columns >= 0 && columns <= panel.k,
      "row \(row), \(columns) columns of \(panel.k)")
    unsafe withUnsafeBytes(of: panel.steps.steps) { steps in
      var arguments = unsafe tk_dequantize_q8(
        codes: panel.codes.pointer(needing: product(panel.k, PanelGeometry.panelRows)),
        scaleCodes: panel.scaleCodes.pointer(
          needing: panel.k / PanelGeometry.block * PanelGeometry.panelRows),
        steps: steps.assumingMemoryBound(to: Float.self).baseAddress.unsafelyUnwrapped,
        columnFactors: columnFactors?.pointer(needing: columns),
        out: out.pointer(needing: columns), row: row, n: columns)
      unsafe isa.pointee.dequantize_q8(&arguments)
    }
  }

  /// Puts codes together from their nibble planes: code i of the first half has the low nibbles of
  /// `low[i]` and `high[i]`, code i of the second half their high nibbles.
  ///
  /// - Parameters:
  ///   - low: half as many bytes as there are codes.
  ///   - high: as many.
  ///   - out: 2 * `low.count` codes, overwritten. Not the place of `high`.
  public func joinPlanes(low: ByteView, high: ArrayTail<UInt8>, into out: ArrayTail<UInt8>) {
    let half = low.count
    unsafe isa.pointee.join_planes(
      low.base.assumingMemoryBound(to: UInt8.self), high.pointer(needing: half),
      out.pointer(needing: product(half, 2)), half)
  }

  /// The inverse of `joinPlanes`, for 2 * `half` codes.
  public func splitPlanes(
    _ codes: ArrayTail<UInt8>, half: Int, low: ArrayTail<UInt8>, high: ArrayTail<UInt8>
  ) {
    unsafe isa.pointee.split_planes(
      codes.pointer(needing: product(half, 2)), low.pointer(needing: half),
      high.pointer(needing: half), half)
  }
}
