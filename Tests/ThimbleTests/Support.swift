import ThimbleJSON
import ThimbleTestSupport

/// What Tools/head-goldens wrote.
let goldens = Result { try json(fixture("heads.json")) }

func tiny(_ name: String) -> String {
  repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/\(name)")
}

extension [Float] {
  func isNear(_ other: [Float], within tolerance: Float = 2e-5) -> Bool {
    count == other.count && zip(self, other).allSatisfy { abs($0 - $1) < tolerance }
  }
}
