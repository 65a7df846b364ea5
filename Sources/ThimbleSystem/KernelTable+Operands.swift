internal import CThimbleKernels

/// The elements of an array from `offset` on.
public struct ArrayTail<Element: BitwiseCopyable>: Sendable {
  public var array: AlignedArray<Element>
  public var offset: Int

  func pointer(needing count: Int) -> UnsafeMutablePointer<Element> {
    unsafe array.pointer(at: offset, needing: count)
  }
}

extension AlignedArray {
  /// The elements from `offset` on.
  public func from(_ offset: Int) -> ArrayTail<Element> { ArrayTail(array: self, offset: offset) }
}

/// Rows of fp32 numbers in an array: row i begins at element `offset + i * stride`.
public struct Rows: Sendable {
  public var array: AlignedArray<Float>
  public var offset: Int
  public var stride: Int

  public init(_ array: AlignedArray<Float>, at offset: Int = 0, stride: Int) {
    self.array = array
    self.offset = offset
    self.stride = stride
  }

  /// The rows from `index` on.
  public func from(row index: Int) -> Rows {
    Rows(array, at: offset + index * stride, stride: stride)
  }

  /// The same rows without their first `count` columns.
  public func from(column count: Int) -> Rows { Rows(array, at: offset + count, stride: stride) }

  /// The address of the first of `rows` rows that have `columns` columns.
  func pointer(rows: Int, columns: Int) -> UnsafeMutablePointer<Float> {
    precondition(
      rows >= 0 && columns >= 0 && stride >= 0, "\(rows) rows of \(columns), \(stride) apart")
    precondition(rows <= 1 || columns <= stride, "rows of \(columns) overlap, \(stride) apart")
    let needed = rows == 0 ? 0 : product(rows - 1, stride) + columns
    return unsafe array.pointer(at: offset, needing: needed)
  }
}

/// `a * b`; a product beyond every array traps in the check of bounds that follows.
func product(_ a: Int, _ b: Int) -> Int {
  let (result, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? .max : result
}

/// The scales that the blocks of one tensor can have: code e stands for `step * 2^(e / 8)`.
public struct StepTable: Sendable, Equatable {
  /// The steps for which every scale is a normal fp32 number.
  public static let validSteps: ClosedRange<Float> = 0x1p-96...0x1p64

  // 2^(j / 8), rounded to fp32.
  private static let roots: SIMD8<Float> = [
    1, 0x1.172b84p0, 0x1.306fep0, 0x1.4bfdaep0, 0x1.6a09e6p0, 0x1.8ace54p0, 0x1.ae89fap0,
    0x1.d5818ep0,
  ]

  /// step * 2^(j / 8) for j in 0..<8
  let steps: SIMD8<Float>

  /// - Parameter step: in `validSteps`.
  public init(step: Float) {
    precondition(Self.validSteps.contains(step), "step is \(step)")
    steps = step * Self.roots
  }

  /// The scales of the table `base` from its scale code `first` on.
  public init(_ base: StepTable, from first: Int) {
    precondition((0...248).contains(first), "scale code \(first)")
    var steps = base.steps
    for index in steps.indices { steps[index] = base.scale(code: UInt8(first + index)) }
    self.steps = steps
  }

  public var step: Float { steps[0] }

  /// The scale of a block with scale code `code`.
  public func scale(code: UInt8) -> Float {
    Float(bitPattern: steps[Int(code & 7)].bitPattern + UInt32(code >> 3) << 23)
  }
}

/// A panel of int8 weights, 32 output rows by k columns, or the first of several that follow each other.
public struct Q8Panel: Sendable {
  /// [k / 4][32][4]: code + 128
  public var codes: ArrayTail<UInt8>
  /// [k / 64][32]
  public var scaleCodes: ArrayTail<UInt8>
  public var steps: StepTable
  /// Columns, a multiple of 64.
  public var k: Int
  /// What the kernel may fetch from memory while it multiplies.
  public var next: Next

  /// What will probably be needed after a multiplication.
  public enum Next: Sendable {
    case nothing
    /// The codes that follow in `codes.array`.
    case followingCodes
    /// Bytes elsewhere.
    case bytes(ByteView)
  }

  public init(
    codes: ArrayTail<UInt8>, scaleCodes: ArrayTail<UInt8>, steps: StepTable, k: Int,
    next: Next = .nothing
  ) {
    precondition(k > 0 && k % PanelGeometry.block == 0, "k is \(k), not a multiple of 64")
    self.codes = codes
    self.scaleCodes = scaleCodes
    self.steps = steps
    self.k = k
    self.next = next
  }
}

/// What activations are rounded to before they meet int8 weights.
public enum ActivationPrecision: String, Sendable, CaseIterable {
  case int8
  /// Two terms of 8 bits: twice the multiplications, hardly any error.
  case int16
}

/// Rows of activations as integers, quantised by blocks of 64 columns.
public final class QuantizedRows: Sendable {
  /// Rows that there is room for.
  public let rows: Int
  /// Columns of a row, a multiple of 64.
  public let k: Int
  /// [rows][k], in -127...127
  public let codes: AlignedArray<Int8>
  /// Likewise, of int16: a code is 255 * codes + lowCodes.
  public let lowCodes: AlignedArray<Int8>?
  /// [rows][k / 64]
  public let scales: AlignedArray<Float>
  /// [rows][k / 64]: -128 * the sum of the block's codes
  public let offsets: AlignedArray<Int32>

  /// - Parameter k: a multiple of 64.
  /// - Throws: `SystemError` if the memory cannot be had.
  public init(
    rows: Int, k: Int, precision: ActivationPrecision = .int8
  ) throws(SystemError) {
    precondition(rows >= 0 && k >= 0 && k % PanelGeometry.block == 0, "\(rows) rows of \(k)")
    self.rows = rows
    self.k = k
    let blocks = product(rows, k / PanelGeometry.block)
    codes = try AlignedArray(count: product(rows, k))
    lowCodes = precision == .int16 ? try AlignedArray(count: product(rows, k)) : nil
    scales = try AlignedArray(count: blocks)
    offsets = try AlignedArray(count: blocks)
  }

  public var precision: ActivationPrecision { lowCodes == nil ? .int8 : .int16 }

  public var byteCount: Int {
    codes.byteCount + (lowCodes?.byteCount ?? 0) + scales.byteCount + offsets.byteCount
  }
}
