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

  /// Appends a row. Cells may hold foreign text: they are made fit for a terminal.
  mutating func append(_ row: [String]) { rows.append(row.map { $0.printable() }) }

  /// The table as standard output shows it best: no wider than the terminal, if it is one.
  var text: String { text(width: StandardStream.output.tableWidth) }

  /// The table, a line per row, the first underlined.
  ///
  /// - Parameter width: the most columns of a line; nil for no limit. Columns of words are shortened first. Numbers never
  ///   are: what still does not fit beside the first column follows in a table of its own.
  func text(width: Int?) -> String {
    var widths = alignments.indices.map { column in
      rows.map { displayWidth($0[column]) }.max() ?? 0
    }
    if let width { shorten(&widths, to: width) }
    return groups(of: widths, width: width)
      .map { part(columns: $0, widths) }.joined(separator: "\n")
  }

  // Fewer columns of a name say too little.
  private static let shortest = 12

  /// Narrows columns of words, the widest first, until all columns fit or nothing more can be taken away.
  private func shorten(_ widths: inout [Int], to width: Int) {
    func excess() -> Int { widths.reduce(-2, { $0 + $1 + 2 }) - width }
    while excess() > 0 {
      let words = widths.indices.filter {
        alignments[$0] == .left && widths[$0] > Self.shortest
      }
      guard let widest = words.max(by: { widths[$0] < widths[$1] }) else { return }
      let next = words.filter { $0 != widest }.map { widths[$0] }.max() ?? Self.shortest
      widths[widest] -= min(excess(), max(widths[widest] - next, 1))
    }
  }

  /// The columns of each table that it takes: the first in each, and as many others as fit beside it.
  private func groups(of widths: [Int], width: Int?) -> [[Int]] {
    guard let width else { return [Array(widths.indices)] }
    var groups: [[Int]] = []
    var current = [0]
    var used = widths[0]
    for column in widths.indices.dropFirst() {
      if used + 2 + widths[column] > width, current.count > 1 {
        groups.append(current)
        (current, used) = ([0], widths[0])
      }
      current.append(column)
      used += 2 + widths[column]
    }
    return groups + [current]
  }

  private func part(columns: [Int], _ widths: [Int]) -> String {
    var lines = rows.map { row in
      let cells = columns.map { column in
        let cell = shortened(row[column], to: widths[column])
        let padding = String(repeating: " ", count: widths[column] - displayWidth(cell))
        return alignments[column] == .left ? cell + padding : padding + cell
      }
      return String(cells.joined(separator: "  ").trimmingSuffix { $0 == " " })
    }
    let total = columns.reduce(-2) { $0 + widths[$1] + 2 }
    lines.insert(String(repeating: "─", count: total), at: 1)
    return lines.joined(separator: "\n") + "\n"
  }
}

extension StandardStream {
  /// Columns that a table may take: those of the terminal, or what COLUMNS says of it; nil if this is none.
  var tableWidth: Int? {
    guard isTerminal else { return nil }
    if let wanted = environment("COLUMNS").flatMap({ Int($0) }), wanted > 0 { return wanted }
    return columns
  }
}

/// `text` in at most `width` columns: the middle gives way, since names differ at both ends.
func shortened(_ text: String, to width: Int) -> String {
  guard displayWidth(text) > width else { return text }
  var (front, back) = ("", "")
  var used = 1
  var rest = Array(text)[...]
  // Alternately from the front and the back, as long as there is room beside the ellipsis.
  while let next = front.count <= back.count ? rest.first : rest.last {
    used += displayWidth(String(next))
    guard used <= width else { break }
    if front.count <= back.count {
      front.append(next)
      rest.removeFirst()
    } else {
      back = String(next) + back
      rest.removeLast()
    }
  }
  return front + "…" + back
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
