/// Bars with intervals, one a row: a value for each of several names.
struct BarChart {
  struct Bar {
    let name: String
    let value: Double
    let interval: ClosedRange<Double>
    /// Other values of the same row, drawn as marks: style and value.
    let marks: [(style: String, name: String, value: Double)]
  }

  let bars: [Bar]
  let unit: String

  var svg: String {
    let (left, width, rowHeight) = (74.0, 720.0, 22.0)
    let bottom = Double(bars.count) * rowHeight + 6
    let values = bars.flatMap { bar in
      [bar.value, bar.interval.upperBound.isFinite ? bar.interval.upperBound : bar.value]
        + bar.marks.map(\.value)
    }
    let axis = Axis.linear(values, from: left, to: width - 76)
    var svg = Markup()
    for tick in axis.ticks {
      svg.line(axis(tick), 0, axis(tick), bottom, "grid")
      svg.label(Axis.label(tick), axis(tick), bottom + 16, anchor: "middle", "tick")
    }
    svg.label(unit, axis.pixels.to, bottom + 32, anchor: "end", "tick")
    for (index, bar) in bars.enumerated() {
      let y = Double(index) * rowHeight + 4
      svg.label(bar.name, left - 8, y + 13, anchor: "end")
      svg.add(
        "rect",
        [
          ("x", at(left)), ("y", at(y + 2)), ("width", at(axis(bar.value) - left)),
          ("height", "13"),
          ("rx", "2"), ("class", "fill-both"),
        ], "<title>\(escaped(bar.name)): \(significant(bar.value))</title>")
      if bar.interval.upperBound.isFinite {
        svg.line(
          axis(bar.interval.lowerBound), y + 8.5, axis(bar.interval.upperBound), y + 8.5, "whisker")
      }
      for mark in bar.marks {
        svg.dot(
          axis(mark.value), y + 8.5, "fill-\(mark.style)",
          tip: "\(bar.name), \(mark.name): \(significant(mark.value))")
      }
      svg.label(significant(bar.value), width - 4, y + 13, anchor: "end", "tick")
    }
    return frame(svg, width: width, height: bottom + 40)
  }
}

/// Lines through points, one for each series.
struct LineChart {
  struct Series {
    let style: String
    let name: String
    let points: [(x: Double, y: Double, name: String)]
    /// Points alone, each with its name written beside it.
    var isScattered = false
  }

  let series: [Series]
  let xTitle: String
  let yTitle: String
  var isLogarithmic = false
  var startsAtZero = true

  var svg: String {
    let (left, right, top, bottom) = (66.0, 700.0, 22.0, 308.0)
    let points = series.flatMap(\.points)
    let x = Axis.linear(
      points.map(\.x), from: left, to: right, startsAtZero: startsAtZero,
      endsAtLargest: startsAtZero, tickCount: 8)
    let y =
      isLogarithmic
      ? Axis.logarithmic(points.map(\.y), from: bottom, to: top)
      : Axis.linear(points.map(\.y), from: bottom, to: top)
    var svg = Markup()
    for tick in y.ticks {
      svg.line(left, y(tick), right, y(tick), "grid")
      svg.label(Axis.label(tick), left - 8, y(tick) + 4, anchor: "end", "tick")
    }
    for tick in x.ticks {
      svg.line(x(tick), bottom, x(tick), bottom + 4, "axis")
      svg.label(Axis.label(tick), x(tick), bottom + 18, anchor: "middle", "tick")
    }
    svg.line(left, bottom, right, bottom, "axis")
    svg.label(xTitle, right, bottom + 36, anchor: "end", "tick")
    svg.label(yTitle, left, top - 14, "tick")
    for series in series {
      if !series.isScattered {
        let path = series.points.map { "\(at(x($0.x))),\(at(y($0.y)))" }.joined(separator: " ")
        svg.add("polyline", [("points", path), ("class", "line-\(series.style)")])
      }
      for (index, point) in series.points.enumerated() {
        svg.dot(
          x(point.x), y(point.y), "fill-\(series.style)",
          tip: "\(series.name), \(point.name): \(significant(point.y))")
        guard series.isScattered else { continue }
        // Above and below in turn, so that neighbours do not write over each other.
        svg.label(
          point.name, x(point.x), y(point.y) + (index.isMultiple(of: 2) ? -9 : 17),
          anchor: "middle",
          "tick")
      }
    }
    return frame(svg, width: 720, height: bottom + 42)
  }
}

private func frame(_ content: Markup, width: Double, height: Double) -> String {
  "<svg viewBox=\"0 -14 \(at(width)) \(at(height + 14))\" role=\"img\">\(content.text)</svg>"
}

/// What the colours of a chart mean.
func legend(_ entries: [(style: String, name: String)]) -> String {
  let items = entries.map { "<span><i class=\"key-\($0.style)\"></i>\(escaped($0.name))</span>" }
  return "<p class=\"legend\">\(items.joined())</p>"
}
