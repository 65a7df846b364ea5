import Testing
import ThimbleCalibration
import ThimbleSystem

@Suite("The search for a limit of the divergence")
struct DivergenceSearchTests {
  /// A divergence that a bit more divides by four.
  private func divergence(_ bits: Double) -> Double { powerOfTwo(-2 * bits) }

  @Test("finds the least bits that keep to it", arguments: [2.51, 3, 4.4, 6.123, 7.5])
  func leastBits(_ least: Double) throws {
    var tried: [Double] = []
    let bits = try DivergenceSearch(limit: divergence(least)).leastBits {
      tried.append($0)
      return divergence($0)
    }
    #expect(least <= bits && bits - DivergenceSearch.precision < least)
    #expect(tried.count == 8)
    // What is returned was measured, and nothing coarser kept to the limit.
    #expect(tried.filter { $0 >= least }.min() == bits)
  }

  @Test("ends at the coarsest file that is tried if all keep to it")
  func everything() throws {
    for range in [2.5...7.5, 3.1...7.3, 5...5.01, 6...6] {
      let search = DivergenceSearch(limit: 1, in: range)
      var tried = 0
      let bits = try search.leastBits { _ in
        tried += 1
        return 0
      }
      #expect(range.contains(bits) && bits - range.lowerBound <= DivergenceSearch.precision)
      #expect(tried == search.trialCount)
    }
  }

  @Test("ends at once if even the finest file differs more, or by what is no number")
  func unreachable() throws {
    for found in [0.5, .infinity, .nan] {
      var count = 0
      let error = #expect(throws: CalibrationError.self) {
        try DivergenceSearch(limit: 0.1).leastBits { _ in
          count += 1
          return found
        }
      }
      #expect(count == 1)
      guard case .unreachable(0.1, 7.5, let value) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(value == found || value.isNaN && found.isNaN)
    }
  }

  @Test("ends with the error of a measurement")
  func failure() throws {
    struct Failed: Error {}
    #expect(throws: Failed.self) {
      try DivergenceSearch(limit: 0.1).leastBits { bits in
        guard bits > 6 else { throw Failed() }
        return 0
      }
    }
  }
}
