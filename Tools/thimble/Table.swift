internal import ThimbleSystem

/// Rows of text in columns that line up. What comes from files may stand in them as it is.
struct Table {
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// - Parameter header: titles; each column is aligned as `alignments` says.
  init(_ header: [String], _ alignments: [Alignment]) {
    self.alignments = alignments
    rows.append(header)
  }

  mutating func append(_ row: [String]) { rows.append(row.map { $0.printable() }) }

  /// The table, a line per row, the first underlined.
  var text: String {
    let widths = alignments.indices.map { column in
      rows.map { displayWidth($0[column]) }.max() ?? 0
    }
    var lines = rows.map { row in
      let cells = alignments.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - displayWidth(row[column]))
        return alignments[column] == .left ? row[column] + padding : padding + row[column]
      }
      return String(cells.joined(separator: "  ").trimmingSuffix { $0 == " " })
    }
    lines.insert(
      String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1)), at: 1)
    return lines.joined(separator: "\n") + "\n"
  }
}

extension String {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
    return self[..<end]
  }
}

/// Columns that a terminal uses for `text`: wide East Asian characters and emoji take two, marks none.
func displayWidth(_ text: String) -> Int {
  text.reduce(0) { width, character in
    guard let scalar = character.unicodeScalars.first else { return width }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return width + 2
    default: return width + 1
    }
  }
}

/// `value` with `digits` decimals.
func decimal(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = (abs(value) * scale).rounded()
  guard scaled < 1e18 else { return "\(value)" }
  let units = UInt64(scaled)
  let sign = value < 0 && units > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(units)" }
  let fraction = String(units % UInt64(scale))
  return "\(sign)\(units / UInt64(scale))."
    + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// `value` with `digits` decimals; one that these would not show, with two significant digits: "0.0042", "3.1e-7".
func shortNumber(_ value: Double, _ digits: Int) -> String {
  var (scaled, places) = (abs(value), 0)
  guard scaled > 0, scaled.isFinite else { return decimal(value, digits) }
  while scaled < 10 {
    scaled *= 10
    places += 1
  }
  if places <= digits + 1 { return decimal(value, digits) }
  if places <= 6 { return decimal(value, places) }
  return "\(value < 0 ? "-" : "")\(decimal(scaled / 10, 1))e-\(places - 1)"
}

/// A size for people: "435.8 MB". 1 MB is 10^6 bytes, as disks and downloads have it.
func sizeText(_ bytes: Int) -> String {
  switch bytes {
  case ..<1000: "\(bytes) B"
  case ..<1_000_000: "\(decimal(Double(bytes) / 1e3, 1)) kB"
  case ..<1_000_000_000: "\(decimal(Double(bytes) / 1e6, 1)) MB"
  default: "\(decimal(Double(bytes) / 1e9, 2)) GB"
  }
}
