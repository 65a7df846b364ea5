/// Bars with intervals, one a row: a value for each of several names.
struct BarChart: Chart {
  struct Bar {
    let name: String
    let value: Double
    /// nil if there is none.
    let interval: ClosedRange<Double>?
    /// Other values of the same row, drawn as marks: style and value.
    let marks: [(style: String, name: String, value: Double)]
  }

  let title: String
  let bars: [Bar]

  private static let rowHeight = 22.0

  func draw(into svg: inout Markup, width: Double) -> Double {
    let names = bars.map { textWidth($0.name) }.max() ?? 0
    let left = min(names, width * 0.3) + 10
    let bottom = Double(bars.count) * Self.rowHeight + 6
    let values = bars.flatMap { bar in
      [bar.value] + (bar.interval.map { [$0.lowerBound, $0.upperBound] } ?? [])
        + bar.marks.map(\.value)
    }
    let numbers = bars.map { textWidth(significant($0.value)) }.max() ?? 0
    let axis = Axis.linear(
      values, from: left, to: width - numbers - 10, tickCount: isNarrow(width) ? 3 : 6)
    for tick in axis.ticks {
      svg.line(axis(tick), 0, axis(tick), bottom, "grid")
      svg.label(Axis.label(tick), axis(tick), bottom + 16, anchor: "middle", "tick")
    }
    svg.label(title, axis.pixels.to, bottom + 34, anchor: "end", "tick")
    for (index, bar) in bars.enumerated() {
      draw(bar, at: Double(index) * Self.rowHeight + 14.5, axis, into: &svg)
      svg.label(
        fitted(bar.name, left - 8), left - 8, Double(index) * Self.rowHeight + 18.5, anchor: "end")
      svg.label(
        bar.value.isFinite ? significant(bar.value) : "–", width - 2,
        Double(index) * Self.rowHeight + 18.5, anchor: "end", "tick")
    }
    return bottom + 40
  }

  private func draw(_ bar: Bar, at y: Double, _ axis: Axis, into svg: inout Markup) {
    if bar.value.isFinite {
      let (zero, end) = (axis(0), axis(bar.value))
      svg.add(
        "rect",
        [
          ("x", at(min(zero, end))), ("y", at(y - 6.5)), ("width", at(abs(end - zero))),
          ("height", "13"), ("rx", "2"), ("class", "fill-both"),
        ], "<title>\(escaped("\(bar.name): \(significant(bar.value))"))</title>")
    }
    if let interval = bar.interval {
      svg.whisker(from: (axis(interval.lowerBound), y), to: (axis(interval.upperBound), y))
    }
    for mark in bar.marks where mark.value.isFinite {
      svg.dot(
        axis(mark.value), y, "fill-\(mark.style)",
        tip: "\(bar.name), \(mark.name): \(significant(mark.value))")
    }
  }
}
