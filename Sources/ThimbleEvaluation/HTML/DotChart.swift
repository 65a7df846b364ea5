/// A row for each of many names, and in each row a dot on each of several scales beside each other.
struct DotChart: Chart {
  struct Scale {
    let title: String
    let style: String
    /// One for each name; nil for what is not to be drawn.
    let values: [Double?]
    /// What is written instead of a dot.
    let otherwise: String
  }

  let title: String
  let names: [String]
  let scales: [Scale]

  func draw(into svg: inout Markup, width: Double) -> Double {
    // On a narrow screen a name stands above its dots.
    let isNarrow = isNarrow(width)
    let rowHeight = isNarrow ? 32.0 : 18.0
    let gutter = isNarrow ? 0 : min((names.map(textWidth).max() ?? 0) + 12, width * 0.4)
    let (top, bottom) = (36.0, 36.0 + Double(names.count) * rowHeight)
    let room = (width - gutter) / Double(scales.count)
    for (place, scale) in scales.enumerated() {
      let start = gutter + Double(place) * room
      let axis = Axis.linear(
        scale.values.compactMap { $0 }, from: start + 16, to: start + room - 18,
        startsAtZero: false, tickCount: isNarrow ? 2 : 4)
      svg.label(scale.title, axis.pixels.from - 8, 12)
      for tick in axis.ticks {
        svg.line(axis(tick), top, axis(tick), bottom, "grid")
        for y in [top - 6, bottom + 14] {
          svg.label(Axis.label(tick), axis(tick), y, anchor: "middle", "tick")
        }
      }
      for (index, value) in scale.values.enumerated() {
        let y = top + Double(index) * rowHeight + (isNarrow ? 22 : 9)
        svg.line(axis.pixels.from, y, axis.pixels.to, y, "grid")
        if let value {
          svg.dot(
            axis(value), y, "fill-\(scale.style)",
            tip: "\(names[index]): \(scale.title) \(significant(value))")
        } else {
          svg.label(scale.otherwise, axis.pixels.to, y + 4, anchor: "end", "tick")
        }
      }
    }
    for (index, name) in names.enumerated() {
      let y = top + Double(index) * rowHeight
      let place = isNarrow ? (x: 2.0, y: y + 11) : (x: gutter - 8, y: y + 13)
      svg.label(
        fitted(name, (isNarrow ? width : gutter) - 8), place.x, place.y,
        anchor: isNarrow ? "start" : "end", "tick")
    }
    return bottom + 20
  }
}
