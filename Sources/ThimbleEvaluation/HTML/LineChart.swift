/// Lines through points, one for each series.
struct LineChart: Chart {
  struct Point {
    let x: Double
    let y: Double
    /// nil if there is none.
    var interval: ClosedRange<Double>?
    let name: String
  }

  struct Series {
    let style: String
    let name: String
    let points: [Point]
    /// Points alone, each with its name written beside it.
    var isScattered = false
  }

  let series: [Series]
  let xTitle: String
  let title: String
  /// Points at 0, or below, stand hollow on its lower end.
  var isLogarithmic = false
  /// Whether x counts something, from 0.
  var isCounting = true

  private var points: [Point] { series.flatMap(\.points) }

  func draw(into svg: inout Markup, width: Double) -> Double {
    let isNarrow = isNarrow(width)
    let (right, top, bottom) = (width - 18, 30.0, isNarrow ? 270.0 : 322.0)
    let values = points.flatMap { point in
      [point.y] + (point.interval.map { [$0.lowerBound, $0.upperBound] } ?? [])
    }
    let y =
      isLogarithmic && values.contains { $0 > 0 }
      ? Axis.logarithmic(values, from: bottom, to: top)
      : Axis.linear(values, from: bottom, to: top)
    let left = (y.ticks.map { textWidth(Axis.label($0)) }.max() ?? 0) + 12
    let (places, tickCount) = (points.map(\.x), isNarrow ? 4 : 8)
    let x =
      isCounting
      ? Axis.linear(
        places, from: left, to: right, endsAtLargest: true,
        tickCount: min(tickCount, max(Int(places.max() ?? 1), 1)))
      : Axis.tight(places, from: left, to: right, tickCount: tickCount)
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
    svg.label(title, 0, 14, "tick")
    for series in series { draw(series, x, y, into: &svg) }
    drawNames(
      x, y, bounds: Box(x: left, y: top - 8, width: width - left, height: bottom - top + 6),
      into: &svg)
    return bottom + 42
  }

  private func draw(_ series: Series, _ x: Axis, _ y: Axis, into svg: inout Markup) {
    if !series.isScattered {
      let path = series.points.map { "\(at(x($0.x))),\(at(y($0.y)))" }.joined(separator: " ")
      svg.add("polyline", [("points", path), ("class", "line-\(series.style)")])
    }
    for point in series.points {
      if let interval = point.interval {
        svg.whisker(
          from: (x(point.x), y(interval.lowerBound)), to: (x(point.x), y(interval.upperBound)))
      }
    }
    for point in series.points {
      let isBeyond = y.isLogarithmic && point.y <= 0
      svg.dot(
        x(point.x), y(point.y), (isBeyond ? "hollow line-" : "fill-") + series.style,
        tip: "\(series.name), \(point.name): \(significant(point.y))")
    }
  }

  /// Writes the names of scattered points where they meet neither points nor lines nor each other.
  private func drawNames(_ x: Axis, _ y: Axis, bounds: Box, into svg: inout Markup) {
    var taken = points.flatMap { point -> [Box] in
      let place = (x: x(point.x), y: y(point.y))
      let dot = Box(x: place.x - 5, y: place.y - 5, width: 10, height: 10)
      guard let interval = point.interval else { return [dot] }
      let (low, high) = (y(interval.lowerBound), y(interval.upperBound))
      return [dot, Box(x: place.x - 5, y: high, width: 10, height: low - high)]
    }
    for series in series where !series.isScattered {
      for (start, end) in zip(series.points, series.points.dropFirst()) {
        // A line as a row of small boxes.
        for part in 0..<24 {
          let share = Double(part) / 24
          let place = (
            x: x(start.x) + share * (x(end.x) - x(start.x)),
            y: y(start.y) + share * (y(end.y) - y(start.y))
          )
          taken.append(Box(x: place.x - 3, y: place.y - 3, width: 6, height: 6))
        }
      }
    }
    for point in series.filter(\.isScattered).flatMap(\.points) {
      let box = Box.place(
        forWidth: textWidth(point.name), beside: (x(point.x), y(point.y)), within: bounds,
        avoiding: taken)
      taken.append(box)
      // From the point to where the name begins, so that nobody takes it for that of another.
      let end = (
        x: min(max(x(point.x), box.x), box.x + box.width),
        y: min(max(y(point.y), box.y + 2), box.y + box.height - 2)
      )
      svg.line(x(point.x), y(point.y), end.x, end.y, "leader")
      svg.label(point.name, box.x + box.width / 2, box.y + 11, anchor: "middle", "tick")
    }
  }
}

/// A rectangle that something takes.
struct Box {
  let x: Double
  let y: Double
  let width: Double
  let height: Double

  func overlap(_ other: Box) -> Double {
    let across = min(x + width, other.x + other.width) - max(x, other.x)
    let down = min(y + height, other.y + other.height) - max(y, other.y)
    return max(across, 0) * max(down, 0)
  }

  /// The place for a text beside `point` that covers least of what is taken.
  static func place(
    forWidth width: Double, beside point: (x: Double, y: Double), within bounds: Box,
    avoiding taken: [Box]
  ) -> Box {
    let height = 14.0
    var boxes: [Box] = []
    for distance in [8.0, 24, 40, 60] {
      let (centered, middle) = (point.x - width / 2, point.y - height / 2)
      boxes += [
        (centered, point.y - distance - height), (centered, point.y + distance),
        (point.x + distance, middle), (point.x - distance - width, middle),
        (point.x + distance / 2, point.y - distance - height / 2),
        (point.x - distance / 2 - width, point.y - distance - height / 2),
        (point.x + distance / 2, point.y + distance),
        (point.x - distance / 2 - width, point.y + distance),
      ].map { Box(x: $0.0, y: $0.1, width: width, height: height) }
    }
    func cost(_ box: Box) -> Double {
      let outside = box.width * box.height - box.overlap(bounds)
      return 10 * outside + taken.reduce(0) { $0 + $1.overlap(box) }
    }
    // The first of the best: the nearest.
    return boxes.min { cost($0) < cost($1) } ?? boxes[0]
  }
}
