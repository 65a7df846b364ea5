internal import ThimbleSystem

/// A line on the terminal that tells how far a long task is, how fast, and how long it will take. Silent in a pipe, and
/// for the first moments: short tasks need none.
struct Progress {
  enum Unit { case bytes, items(String) }

  private let title: String
  private let unit: Unit
  private let total: Int
  private let start = monotonicSeconds()
  private var shownAt = 0.0
  private let isShown = StandardStream.error.isTerminal

  init(_ title: String, unit: Unit, total: Int) {
    self.title = title
    self.unit = unit
    self.total = total
  }

  /// Shows `done` of the total, at most ten times a second.
  mutating func update(_ done: Int) {
    let rate = Double(done) / (monotonicSeconds() - start)
    update(
      titled: title, fraction: total > 0 ? Double(done) / Double(total) : 1, rate: rateText(rate))
  }

  /// Shows `fraction` of the whole under a title of its own.
  mutating func update(titled title: String, fraction: Double, rate: String? = nil) {
    let now = monotonicSeconds()
    guard isShown, now - start > 0.5, now - shownAt > 0.1 else { return }
    shownAt = now
    let fraction = min(fraction, 1)
    let width = 24
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    // A thousandth of the work says nothing about the rest.
    let left =
      fraction > 0.001 ? "  \(duration((now - start) / fraction * (1 - fraction))) left" : ""
    let line =
      "\(title) \(bar) \(decimal(fraction * 100, 0)) %" + (rate.map { "  \($0)" } ?? "") + left
    // Columns that a longer line left behind are cleared. An unwritable terminal is no reason to stop.
    try? StandardStream.error.write("\r\(line)\u{1B}[K")
  }

  /// Removes the line.
  func finish() {
    guard isShown, shownAt > 0 else { return }
    try? StandardStream.error.write("\r\u{1B}[K")
  }

  private func rateText(_ rate: Double) -> String {
    switch unit {
    case .bytes: "\(sizeText(Int(rate)))/s"
    case .items(let name): "\(decimal(rate, rate < 100 ? 1 : 0)) \(name)/s"
    }
  }
}

/// Seconds for people: "3 s", "2 min 10 s", "1 h 5 min".
func duration(_ seconds: Double) -> String {
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
