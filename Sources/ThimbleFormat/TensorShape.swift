internal import ThimbleSystem

/// How a tensor's values are stored.
public enum TensorKind: UInt8, Sendable {
  /// fp32 values in row-major order.
  case f32 = 0
  /// int8 codes in panels of 32 rows, one scale per block of 64 columns of a row.
  case q8b64 = 1
}

/// Name, shape and kind of one tensor, and what follows from them (Formats/thimble.md, "Tensor kinds").
public struct TensorShape: Sendable, Equatable {
  public let name: String
  public let kind: TensorKind
  /// 1 or 2. A tensor of rank 1 has one row.
  public let rank: Int
  public let rows: Int
  public let columns: Int
  /// Panels in each chunk but the last; 0 for `f32`.
  public let panelsPerChunk: Int
  /// The smallest scale; 0 for `f32`.
  public let step: Float

  /// An fp32 tensor; `rows` is nil for rank 1.
  public static func f32(name: String, rows: Int? = nil, columns: Int) -> TensorShape {
    TensorShape(
      name: name, kind: .f32, rank: rows == nil ? 1 : 2, rows: rows ?? 1, columns: columns,
      panelsPerChunk: 0, step: 0)
  }

  /// A quantised matrix.
  public static func q8b64(
    name: String, rows: Int, columns: Int, panelsPerChunk: Int, step: Float
  ) -> TensorShape {
    TensorShape(
      name: name, kind: .q8b64, rank: 2, rows: rows, columns: columns,
      panelsPerChunk: panelsPerChunk, step: step)
  }

  public var valueCount: Int { rows * columns }
  /// Columns rounded up to whole blocks.
  public var paddedColumns: Int { ceilingDivide(columns, 64) * 64 }
  public var panelCount: Int { kind == .q8b64 ? ceilingDivide(rows, 32) : 0 }

  public var chunkCount: Int {
    switch kind {
    case .f32: ceilingDivide(valueCount, Layout.valuesPerChunk)
    case .q8b64: ceilingDivide(panelCount, panelsPerChunk)
    }
  }

  /// The panels of chunk `chunk`.
  public func panels(ofChunk chunk: Int) -> Range<Int> {
    chunk * panelsPerChunk..<min((chunk + 1) * panelsPerChunk, panelCount)
  }

  /// Bytes of codes (`q8b64`) or of values (`f32`) that chunk `chunk` decodes to.
  public func codesSize(ofChunk chunk: Int) -> Int {
    switch kind {
    case .f32: 4 * min(Layout.valuesPerChunk, valueCount - chunk * Layout.valuesPerChunk)
    case .q8b64: panels(ofChunk: chunk).count * 32 * paddedColumns
    }
  }

  /// Bytes of scale codes that chunk `chunk` decodes to.
  public func scalesSize(ofChunk chunk: Int) -> Int {
    kind == .q8b64 ? codesSize(ofChunk: chunk) / 64 : 0
  }
}
