public import ThimbleSystem

/// All that arithmetic knows of a weight matrix: panels of 32 output rows, a chunk of them at a time.
///
/// Where they come from (a compressed file, memory, an fp32 checkpoint) and what that costs is the source's
/// affair. A source may keep scratch memory for each worker of the pool that uses it: at any time at most one
/// call per worker is under way, and no two for the same chunk.
public protocol PanelSource: RowSource {
  /// Outputs of the matrix.
  var rows: Int { get }
  /// Inputs of the matrix.
  var columns: Int { get }
  /// What its panels are made of.
  var precision: WeightPrecision { get }
  /// Chunks: what one thread takes at a time.
  var chunkCount: Int { get }
  /// The panels of chunk `chunk`.
  func panels(ofChunk chunk: Int) -> Range<Int>
  /// Smoothing: what every input column is multiplied by before it is quantised; nil: nothing.
  var columnFactors: AlignedArray<Float>? { get }

  /// Makes the panels of chunk `chunk` readable. They stay so until the same worker's next call.
  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels

  /// The matrix will be used soon: begin to read what must be read.
  func willUse()
  /// The pass is through with the matrix: let go of what need not stay.
  func didUse()
}

public enum WeightPrecision: Sendable {
  case int8
  case float32
  /// fp32 weights whose input is rounded as int8 weights have it: shows what that rounding costs by itself.
  case float32WithRoundedInput
}

/// The panels of one chunk, in memory.
public enum LoadedPanels {
  /// The first panel; the others follow it without gaps.
  case int8(Q8Panel)
  /// [panel][column][32 rows]
  case float32(ArrayTail<Float>)
}

extension Q8Panel {
  /// The panel `index` places behind this one.
  public func following(_ index: Int) -> Q8Panel {
    Q8Panel(
      codes: codes.array.from(codes.offset + index * PanelGeometry.panelRows * k),
      scaleCodes: scaleCodes.array.from(
        scaleCodes.offset + PanelGeometry.scaleCount(codes: index * PanelGeometry.panelRows * k)),
      steps: steps, k: k
    )
  }
}

/// Weights cannot be had: their file is damaged, or was pulled away. Says what and where.
public struct WeightError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
