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
    let line = progressLine(
      title, fraction: fraction, rate: rate, seconds: now - start,
      width: StandardStream.error.columns ?? 80)
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

/// "Verifying ██████░░░░ 60 %  12.0 MB/s  3 s left" in fewer than `width` columns: a line that wraps cannot be overwritten.
/// The speed goes first, then the bar, then the title is cut.
func progressLine(
  _ title: String, fraction: Double, rate: String?, seconds: Double, width: Int
) -> String {
  let fraction = min(max(fraction, 0), 1)
  // A thousandth of the work says nothing about the rest.
  let left = fraction > 0.001 ? "  \(duration(seconds / fraction * (1 - fraction))) left" : ""
  let end = " \(decimal(fraction * 100, 0)) %"
  func bar(_ width: Int) -> String {
    let filled = Int(fraction * Double(width))
    return " " + String(repeating: "█", count: filled)
      + String(repeating: "░", count: width - filled)
  }
  let forms = [
    bar(24) + end + (rate.map { "  \($0)" } ?? "") + left, bar(10) + end + left, end + left,
  ]
  for form in forms where displayWidth(title + form) < width { return title + form }
  return shortened(title, to: max(width - 1 - displayWidth(end), 1)) + end
}

/// Seconds for people: "3 s", "2 min 10 s", "1 h 5 min".
func duration(_ seconds: Double) -> String {
  guard seconds < 1e9 else { return "very long" }
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
