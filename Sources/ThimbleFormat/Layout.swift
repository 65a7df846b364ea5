internal import ThimbleSystem

/// The sizes and limits of Formats/thimble.md.
package enum Layout {
  static let magic: [UInt8] = [0x89, 0x54, 0x48, 0x4D, 0x42, 0x0D, 0x0A, 0x1A]
  static let majorVersion: UInt16 = 1
  static let minorVersion: UInt16 = 0
  static let headerSize = 64
  static let directoryHeadSize = 64
  static let tensorRecordSize = 64
  static let chunkRecordSize = 32
  static let maximumNameSize = 128
  static let maximumTensorCount = 65_536
  static let maximumChunkCount = 16_777_216
  static let maximumConfigurationSize = 1 << 20
  static let maximumTokenizerSize = 1 << 30
  /// The most bytes of codes, or of f32 values, that one chunk may decode to.
  package static let maximumChunkSize = 1 << 20
  /// The most columns of a quantised matrix: one panel of them fills a chunk.
  package static let maximumColumns = maximumChunkSize / PanelGeometry.panelRows
  /// Values in each chunk of an `f32` tensor but the last.
  package static let valuesPerChunk = 65_536
  /// Rows and columns, rounded up to whole panels and blocks, stay below 2^31.
  static let maximumDimension = 1 << 31 - PanelGeometry.block

  static func align64(_ offset: UInt64) -> UInt64 { (offset + 63) / 64 * 64 }
}

func ceilingDivide(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }
