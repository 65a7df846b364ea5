internal import ThimbleSystem

/// Maps values to pixels along one direction of a chart.
struct Axis {
  let range: ClosedRange<Double>
  let pixels: (from: Double, to: Double)
  let isLogarithmic: Bool
  /// Where the axis is labelled.
  let ticks: [Double]

  /// An axis that covers 0 (or else begins at a round number) and all of `values`, and ends at a round number.
  static func linear(
    _ values: [Double], from: Double, to: Double, startsAtZero: Bool = true,
    endsAtLargest: Bool = false, tickCount: Int = 5
  ) -> Axis {
    let values = values.filter(\.isFinite)
    let smallest = min(values.min() ?? 0, startsAtZero ? 0 : .infinity)
    let largest = max(values.max() ?? 1, startsAtZero ? 0 : -.infinity)
    // Values that are all the same get an axis that is as long as they are large.
    let extent = largest > smallest ? largest - smallest : max(abs(largest), 1)
    let step = roundStep(extent / Double(tickCount))
    let low = (smallest / step).rounded(.down) * step
    let count = max(((largest - low) / step).rounded(.up), 1)
    let high = endsAtLargest && largest > low ? largest : low + count * step
    return Axis(
      range: low...high, pixels: (from, to), isLogarithmic: false,
      ticks: (0...Int(count)).map { low + Double($0) * step }.filter { $0 <= high })
  }

  /// An axis that covers `values` with a little room at both ends, and no more.
  static func tight(_ values: [Double], from: Double, to: Double, tickCount: Int) -> Axis {
    let (smallest, largest) = (values.min() ?? 0, values.max() ?? 1)
    let room = largest > smallest ? (largest - smallest) * 0.06 : 0.5
    let (low, high) = (smallest - room, largest + room)
    let step = roundStep((high - low) / Double(tickCount))
    let first = (low / step).rounded(.up) * step
    return Axis(
      range: low...high, pixels: (from, to), isLogarithmic: false,
      ticks: (0...tickCount).map { first + Double($0) * step }.filter { $0 <= high })
  }

  /// An axis over powers of ten that covers those of `values` that are above 0. It is labelled at 1, 2 and 5 of each
  /// power, or if that is more than `tickCount` at the powers, or if it has none of them at its ends.
  static func logarithmic(
    _ values: [Double], from: Double, to: Double, tickCount: Int = 8
  ) -> Axis {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    let (low, high) = ((positive.min() ?? 1) * 0.8, (positive.max() ?? 10) * 1.25)
    func ticks(_ factors: [Double]) -> [Double] {
      let exponents =
        Int(
          (logarithm(low) / logarithm(10)).rounded(.down))...Int(
          (logarithm(high) / logarithm(10)).rounded(.up))
      return exponents.flatMap { exponent in
        factors.map { $0 * exponential(Double(exponent) * logarithm(10)) }
      }.filter { (low...high).contains($0) }
    }
    let choices = [ticks([1, 2, 5]), ticks([1])]
    let chosen = choices.first { $0.count <= tickCount && $0.count > 1 }
    let thinned = choices[1].enumerated()
      .filter { $0.offset.isMultiple(of: choices[1].count / tickCount + 1) }.map(\.element)
    return Axis(
      range: low...high, pixels: (from, to), isLogarithmic: true,
      ticks: chosen ?? (thinned.count > 1 ? thinned : [low / 0.8, high / 1.25]))
  }

  /// 1, 2 or 5 times a power of ten, at least `step`.
  private static func roundStep(_ step: Double) -> Double {
    let power = exponential((logarithm(step) / logarithm(10)).rounded(.down) * logarithm(10))
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= step * (1 - 1e-9) } ?? step
  }

  /// The place of `value`; beyond the end, the end.
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
    // Sums of steps miss 0 by a rounding.
    guard abs(value) > 1e-15 else { return "0" }
    var text = significant(value)
    guard text.contains("."), !text.contains("e") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
