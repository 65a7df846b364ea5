internal import ThimbleSystem

/// Maps values to pixels along one direction of a chart.
struct Axis {
  let range: ClosedRange<Double>
  let pixels: (from: Double, to: Double)
  let isLogarithmic: Bool
  /// Where the axis is labelled.
  let ticks: [Double]

  /// An axis from 0, or from a round number below the smallest value, to the largest or a round number above.
  static func linear(
    _ values: [Double], from: Double, to: Double, startsAtZero: Bool = true,
    endsAtLargest: Bool = false, tickCount: Int = 5
  ) -> Axis {
    let largest = values.max() ?? 1
    let smallest = startsAtZero ? 0 : values.min() ?? 0
    let step = roundStep(max(largest - smallest, 1e-12) / Double(tickCount))
    let low = (smallest / step).rounded(.down) * step
    let count = max(((largest - low) / step).rounded(.up), 1)
    let high = endsAtLargest && largest > low ? largest : low + count * step
    return Axis(
      range: low...high, pixels: (from, to), isLogarithmic: false,
      ticks: (0...Int(count)).map { low + Double($0) * step }.filter { $0 <= high })
  }

  /// An axis over powers of ten, labelled at 1, 2 and 5 of each.
  static func logarithmic(_ values: [Double], from: Double, to: Double) -> Axis {
    let positive = values.filter { $0 > 0 }
    let (low, high) = ((positive.min() ?? 1) * 0.8, (positive.max() ?? 10) * 1.25)
    var ticks: [Double] = []
    var power = 1e-12
    while power < high {
      ticks += [1, 2, 5].map { $0 * power }.filter { (low...high).contains($0) }
      power *= 10
    }
    return Axis(range: low...high, pixels: (from, to), isLogarithmic: true, ticks: ticks)
  }

  /// 1, 2 or 5 times a power of ten, at least `step`.
  private static func roundStep(_ step: Double) -> Double {
    var power = 1e-12
    while power * 10 <= step { power *= 10 }
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= step } ?? step
  }

  func callAsFunction(_ value: Double) -> Double {
    let place: Double
    if isLogarithmic {
      let low = logarithm(range.lowerBound)
      place =
        (logarithm(max(value, range.lowerBound)) - low) / (logarithm(range.upperBound) - low)
    } else {
      place = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    }
    return pixels.from + min(max(place, 0), 1) * (pixels.to - pixels.from)
  }

  /// A tick's label, without zeros that say nothing.
  static func label(_ value: Double) -> String {
    var text = significant(value)
    guard text.contains("."), !text.contains("e") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
