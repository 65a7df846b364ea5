internal import ThimbleSystem

/// The parts of an answer, a line each, indented and in columns that line up. Cells may hold foreign text.
func rows(_ rows: [[String]]) -> String {
  let rows = rows.map { $0.map { $0.printable(limit: 200) } }
  let columns = rows.first?.count ?? 0
  let widths = (0..<columns).map { column in rows.map { displayWidth($0[column]) }.max() ?? 0 }
  return rows.map { row in
    let cells = zip(row, widths).map { cell, width in
      cell + String(repeating: " ", count: width - displayWidth(cell))
    }
    var line = "  " + cells.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    return line + "\n"
  }.joined()
}
