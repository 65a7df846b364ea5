import Testing
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

@Suite("Heapsort")
struct HeapsortTests {
  @Test(
    "the first elements are sorted by key, equal keys by element; the rest stays",
    arguments: [0, 1, 2, 3, 10, 257])
  func sorts(count: Int) throws {
    for seed in UInt64(0)..<20 {
      var random = SeededRandom(seed: seed)
      // Keys of every size, and few enough of them that many are equal.
      let keys = (0..<count + 3).map { _ in
        [Int.min, -5, 0, 3, 4, Int.max].randomElement(using: &random) ?? 0
      }
      let elements = (0..<Int32(count + 3)).shuffled(using: &random)
      let order = try aligned(elements)
      sort(order, count: count) { keys[Int($0)] }
      let sorted = elements.prefix(count).sorted { (keys[Int($0)], $0) < (keys[Int($1)], $1) }
      #expect(order.from(0).values(count + 3) == sorted + elements.suffix(3), "seed \(seed)")
    }
  }

  @Test("what is sorted already, or the other way round, is sorted")
  func ordered() throws {
    let up = try aligned(Array(0..<Int32(100)))
    let down = try aligned((0..<Int32(100)).reversed().map { $0 })
    for order in [up, down] {
      sort(order, count: 100) { Int($0) }
      #expect(order.from(0).values(100) == Array(0..<100))
    }
  }
}
