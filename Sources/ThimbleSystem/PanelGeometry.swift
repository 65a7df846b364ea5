internal import CThimbleKernels

/// How weights lie in panels: the one geometry of file, kernels, converter and runtime (Formats/thimble.md).
///
/// A panel holds 32 rows of a matrix, with its columns rounded up to whole blocks of 64. Each row of a block has a scale.
public enum PanelGeometry {
  /// Output rows of a panel.
  public static let panelRows = TK_PANEL_ROWS
  /// Consecutive inputs that share a scale.
  public static let block = TK_BLOCK

  /// `columns` rounded up to whole blocks: the k of a panel.
  public static func paddedColumns(_ columns: Int) -> Int { (columns + block - 1) / block * block }

  /// `rows` rounded up to whole panels: the values of a bias, and of a row of fp32 activations.
  public static func paddedRows(_ rows: Int) -> Int { panelCount(rows: rows) * panelRows }

  /// How many panels hold `rows` rows.
  public static func panelCount(rows: Int) -> Int { (rows + panelRows - 1) / panelRows }

  /// The panel with row `row`, and the row's place in it.
  public static func place(ofRow row: Int) -> (panel: Int, lane: Int) {
    let (panel, lane) = row.quotientAndRemainder(dividingBy: panelRows)
    return (panel, lane)
  }

  /// Bytes of codes of a panel: the one formula of writer and reader.
  public static func panelSize(columns: Int) -> Int { panelRows * paddedColumns(columns) }

  /// Bytes of scale codes that go with `codeCount` codes.
  public static func scaleCount(codes codeCount: Int) -> Int { codeCount / block }

  /// Where the code of lane `lane` and column `column` lies in a panel: four columns of a row are neighbours.
  public static func codeIndex(lane: Int, column: Int) -> Int {
    (column / 4 * panelRows + lane) * 4 + column % 4
  }
}
