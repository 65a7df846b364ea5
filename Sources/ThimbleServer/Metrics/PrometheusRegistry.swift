public import CoreMetrics
internal import Synchronization

/// A backend of swift-metrics that keeps every metric in memory and writes them in Prometheus' text format 0.0.4.
///
/// Counters get the suffix `_total`, timers `_seconds`; timers and aggregating recorders are histograms, others
/// gauges. One label with the same dimensions is one metric, however often it is made.
public final class PrometheusRegistry: MetricsFactory {
  /// Bounds of the buckets of timers, in seconds.
  static let secondBounds: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]
  /// Bounds of the buckets of recorders.
  static let sizeBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]

  private struct Family {
    let kind: String
    var metrics: [(labels: String, value: PrometheusValue)] = []
  }

  private let families = Mutex<[String: Family]>([:])
  private let help: [String: String]

  /// - Parameter help: what metrics mean, by their names as they are written.
  public init(help: [String: String] = [:]) { self.help = help }

  /// All metrics, families in the order of their names.
  public var text: String {
    let families = families.withLock(\.self)
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      if let help = help[name] {
        let line = help.split(separator: "\\", omittingEmptySubsequences: false).joined(
          separator: "\\\\")
        text += "# HELP \(name) \(line.split(separator: "\n").joined(separator: "\\n"))\n"
      }
      text += "# TYPE \(name) \(family.kind)\n"
      for metric in family.metrics { metric.value.write(name, metric.labels, to: &text) }
    }
    return text
  }

  /// Sets a counter whose value somebody else counts.
  func set(_ name: String, counter count: Int) {
    value(name, [], kind: "counter").set(Double(count))
  }

  private func value(
    _ label: String, suffix: String = "", _ dimensions: [(String, String)], kind: String,
    bounds: [Double]? = nil
  ) -> PrometheusValue {
    let labels = dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }
      .joined(separator: ",")
    let name = Self.name(label) + (label.hasSuffix(suffix) ? "" : suffix)
    return families.withLock { families in
      if let known = families[name]?.metrics.first(where: { $0.labels == labels }) {
        return known.value
      }
      let value = PrometheusValue(bounds: bounds)
      families[name, default: Family(kind: kind)].metrics.append((labels, value))
      return value
    }
  }

  /// `label` with an underscore in place of what a name may not hold, and before a digit.
  private static func name(_ label: String) -> String {
    label.unicodeScalars.reduce(into: "") { name, scalar in
      switch scalar {
      case "0"..."9" where name.isEmpty: name = "_\(scalar)"
      case "a"..."z", "A"..."Z", "0"..."9", "_": name.unicodeScalars.append(scalar)
      default: name += "_"
      }
    }
  }

  private static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  public func makeCounter(
    label: String, dimensions: [(String, String)]
  ) -> any CounterHandler { value(label, suffix: "_total", dimensions, kind: "counter") }

  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    value(label, suffix: "_total", dimensions, kind: "counter")
  }

  public func makeMeter(
    label: String, dimensions: [(String, String)]
  ) -> any MeterHandler { value(label, dimensions, kind: "gauge") }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    aggregate
      ? value(label, dimensions, kind: "histogram", bounds: Self.sizeBounds)
      : value(label, dimensions, kind: "gauge")
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    value(label, suffix: "_seconds", dimensions, kind: "histogram", bounds: Self.secondBounds)
  }

  // What has been counted stays for the next reader.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}
}

/// A number that goes up, or is set, or the histogram of many.
private final class PrometheusValue: CounterHandler, FloatingPointCounterHandler, MeterHandler,
  RecorderHandler, TimerHandler
{
  private struct State {
    var sum = 0.0
    var count = 0
    /// How many observations were at most the bound of the same index, and above the one before.
    var buckets: [Int]
  }

  private let bounds: [Double]?
  private let state: Mutex<State>

  init(bounds: [Double]?) {
    self.bounds = bounds
    state = Mutex(State(buckets: [Int](repeating: 0, count: bounds?.count ?? 0)))
  }

  func increment(by amount: Int64) { increment(by: Double(amount)) }
  func decrement(by amount: Double) { increment(by: -amount) }
  func increment(by amount: Double) { state.withLock { $0.sum += amount } }
  func reset() { state.withLock { $0.sum = 0 } }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { state.withLock { $0.sum = value } }
  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

  func record(_ value: Double) {
    guard let bounds else { return set(value) }
    state.withLock { state in
      state.sum += value
      state.count += 1
      if let bucket = bounds.firstIndex(where: { value <= $0 }) { state.buckets[bucket] += 1 }
    }
  }

  func write(_ name: String, _ labels: String, to text: inout String) {
    let state = state.withLock(\.self)
    let suffix = labels.isEmpty ? "" : "{\(labels)}"
    guard let bounds else {
      text += "\(name)\(suffix) \(number(state.sum))\n"
      return
    }
    let prefix = labels.isEmpty ? "" : labels + ","
    var total = 0
    for (bound, count) in zip(bounds, state.buckets) {
      total += count
      text += "\(name)_bucket{\(prefix)le=\"\(number(bound))\"} \(total)\n"
    }
    text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(state.count)\n"
    text += "\(name)_sum\(suffix) \(number(state.sum))\n"
    text += "\(name)_count\(suffix) \(state.count)\n"
  }

  private func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf" }
    return abs(value) < 1e15 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
  }
}
