import CoreMetrics
import Testing
import ThimbleJSON
import ThimbleServer

@Suite("Metrics")
struct MetricsTests {
  /// Holds every line against the text format 0.0.4.
  private func check(_ text: String) throws -> [String: String] {
    let name = /[a-zA-Z_:][a-zA-Z0-9_:]*/
    let sample =
      /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)/
    var (kinds, helped, samples): ([String: String], Set<String>, Set<String>) = ([:], [], [])
    #expect(text.hasSuffix("\n"))
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if line.hasPrefix("# ") {
        #expect(try words.count == 4 && name.wholeMatch(in: words[2]) != nil, "\(line)")
        if words[1] == "HELP" { #expect(helped.insert(words[2]).inserted, "\(line)") }
        if words[1] == "TYPE" {
          #expect(["counter", "gauge", "histogram"].contains(words[3]), "\(line)")
          #expect(kinds.updateValue(words[3], forKey: words[2]) == nil, "\(line)")
        }
        continue
      }
      let match = try #require(try sample.wholeMatch(in: line), "\(line)")
      #expect(samples.insert("\(match.1)\(match.2 ?? "")").inserted, "\(line)")
      let suffixes = ["_bucket", "_sum", "_count"].filter { match.1.hasSuffix($0) }
      let family =
        kinds[String(match.1)] != nil
        ? String(match.1) : String(match.1.dropLast(suffixes.first?.count ?? 0))
      #expect(kinds[family] != nil, "\(line) comes before its type")
    }
    #expect(helped == Set(kinds.keys), "without help: \(Set(kinds.keys).subtracting(helped))")
    return kinds
  }

  @Test("are what Prometheus reads, each with its type and its meaning")
  func format() async throws {
    let client = try Client(SmallModel.shared.get())
    _ = try await client.post("/embed", ["inputs": "a"])
    _ = try await client.get("/nowhere")
    let kinds = try check(try await client.get("/metrics").text)
    #expect(kinds["thimble_requests_total"] == "counter")
    #expect(kinds["thimble_request_seconds"] == "histogram")
    #expect(kinds["thimble_connections"] == "gauge")
  }

  @Test("of any name, label and value stay what Prometheus reads")
  func oddities() throws {
    let registry = PrometheusRegistry(help: ["_1_a": "A \\ and\na line."])
    Meter(label: "1 a", dimensions: [("b:c", "\"\\\n}")], factory: registry).set(Double.nan)
    Meter(label: "1 a", dimensions: [("b:c", "2")], factory: registry).set(-Double.infinity)
    Meter(label: "1 a", dimensions: [], factory: registry).set(1e300)
    #expect(try check(registry.text) == ["_1_a": "gauge"])
    #expect(registry.text.hasPrefix("# HELP _1_a A \\\\ and\\na line.\n"))
  }
}
