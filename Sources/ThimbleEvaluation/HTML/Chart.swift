/// A picture that is drawn anew for narrow screens, so that its text stays as large as the text around it.
protocol Chart {
  /// What it shows, for those who do not see it.
  var title: String { get }

  /// Draws into `canvas`, whose width is given.
  ///
  /// - Returns: the height that it takes.
  func draw(into canvas: inout Markup, width: Double) -> Double
}

extension Chart {
  /// For wide and for narrow screens; the style of the page shows one of them.
  var svg: String {
    element(width: 720, style: "wide-chart") + element(width: 330, style: "narrow-chart")
  }

  private func element(width: Double, style: String) -> String {
    var content = Markup()
    let height = draw(into: &content, width: width)
    return """
      <svg class="\(style)" viewBox="0 0 \(at(width)) \(at(height))" role="img" aria-label="\(escaped(title))">\
      \(content.text)</svg>
      """
  }
}

/// Whether `width` is that of a narrow screen.
func isNarrow(_ width: Double) -> Bool { width < 500 }

/// The pixels that `text` takes at most, in the size of ticks.
func textWidth(_ text: String) -> Double { 6.4 * Double(text.count) }

/// `text` in at most `width` pixels: the middle gives way, since names differ at both ends.
func fitted(_ text: String, _ width: Double) -> String {
  let room = max(Int(width / 6.4), 3)
  guard text.count > room else { return text }
  return text.prefix(room / 2) + "…" + text.suffix(room - room / 2 - 1)
}

/// What the colours of a chart mean.
func legend(_ entries: [(style: String, name: String)]) -> String {
  let items = entries.map { "<span><i class=\"key-\($0.style)\"></i>\(escaped($0.name))</span>" }
  return "<p class=\"legend\">\(items.joined())</p>"
}
