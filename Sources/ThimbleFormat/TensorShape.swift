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

  /// The rule of the specification that this shape breaks, or nil: what is not written is not read either.
  var brokenRule: String? {
    guard (1...Layout.maximumNameSize).contains(name.utf8.count),
      name.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return "the name is not 1 to \(Layout.maximumNameSize) printable characters" }
    guard rank == 2 || rank == 1 && kind == .f32 && rows == 1 else {
      return "rank \(rank) with \(rows) rows does not fit its kind"
    }
    guard (1...Layout.maximumDimension).contains(rows),
      (1...Layout.maximumDimension).contains(columns)
    else { return "the shape [\(rows), \(columns)] is out of bounds" }
    switch kind {
    case .f32:
      return panelsPerChunk == 0 && step.bitPattern == 0
        ? nil : "an f32 tensor has a step or panels"
    case .q8b64:
      guard StepTable.validSteps.contains(step) else { return "the step \(step) is out of bounds" }
      guard columns <= Layout.maximumColumns else {
        return "a quantised matrix has at most \(Layout.maximumColumns) columns, not \(columns)"
      }
      guard panelsPerChunk >= 1 else { return "a chunk has no panels" }
      let panels = min(panelsPerChunk, panelCount)
      guard panels * PanelGeometry.panelSize(columns: columns) <= Layout.maximumChunkSize else {
        return "a chunk decodes to more than \(Layout.maximumChunkSize) bytes"
      }
      return nil
    }
  }

  public var valueCount: Int { rows * columns }
  /// Columns rounded up to whole blocks.
  public var paddedColumns: Int { PanelGeometry.paddedColumns(columns) }
  public var panelCount: Int { kind == .q8b64 ? PanelGeometry.panelCount(rows: rows) : 0 }

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
    case .q8b64: panels(ofChunk: chunk).count * PanelGeometry.panelSize(columns: columns)
    }
  }

  /// Bytes of scale codes that chunk `chunk` decodes to.
  public func scalesSize(ofChunk chunk: Int) -> Int {
    kind == .q8b64 ? codesSize(ofChunk: chunk) / PanelGeometry.block : 0
  }
}
