import Testing
import ThimbleModel
import ThimbleTestSupport

@Suite("Batches")
struct BatchTests {
  @Test("sequences lie one behind the other, without padding")
  func rows() throws {
    let batch = try Batch(maximumTokens: 9)
    #expect(batch.tokenCount == 0 && batch.sequenceCount == 0)
    for length in [3, 1, 5] { try batch.append([Int32](repeating: 7, count: length)) }
    #expect((0..<3).map(batch.rows(ofSequence:)) == [0..<3, 3..<4, 4..<9])
    #expect(batch.tokenCount == 9 && batch.sequenceCount == 3)
  }

  @Test("a sequence that does not fit is refused with the sizes, and leaves the batch as it is")
  func tooMany() throws {
    let batch = try Batch(maximumTokens: 4)
    try batch.append([1, 2, 3])
    let error = #expect(throws: ModelError.self) { try batch.append([4, 5]) }
    guard case .tooManyTokens(found: 5, allowed: 4) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(batch.tokenCount == 3 && batch.sequenceCount == 1)
    try batch.append([6])
    #expect(batch.rows(ofSequence: 1) == 3..<4)
  }

  @Test("a batch that is refilled gives what a new one gives, whatever it held")
  func refilled() throws {
    let model = try reference(smallCheckpoint)
    func states(_ batch: Batch) throws -> [[UInt32]] {
      try model.encoder.encode(batch)
      return (0..<batch.tokenCount).map { model.encoder.hiddenState($0).map(\.bitPattern) }
    }
    let used = try Batch(maximumTokens: 16)
    try used.append([3, 4, 5, 6, 7], types: [8, 9, 10, 11, 12], places: [4, 3, 2, 1, 0])
    _ = try states(used)
    used.removeAll()
    #expect(used.tokenCount == 0 && used.sequenceCount == 0)
    let new = try Batch(maximumTokens: 16)
    for batch in [used, new] {
      try batch.append([1, 455, 148, 1])
      try batch.append([1, 44, 1])
    }
    #expect(try states(used) == states(new))
  }

  @Test("places count from 0 where none are given, and types and places change what is computed")
  func placesAndTypes() throws {
    let model = try reference(smallCheckpoint)
    func states(types: [Int32]? = nil, places: [Int32]? = nil) throws -> [[UInt32]] {
      let batch = try Batch(maximumTokens: 4)
      try batch.append([1, 455, 148, 1], types: types, places: places)
      try model.encoder.encode(batch)
      return (0..<4).map { model.encoder.hiddenState($0).map(\.bitPattern) }
    }
    let plain = try states()
    #expect(try states(places: [0, 1, 2, 3]) == plain)
    #expect(try states(places: [0, 1, 3, 4]) != plain)
    #expect(try states(types: [0, 0, 9, 9]) != plain)
  }

  @Test("what no caller may do ends the process")
  func traps() async {
    await #expect(processExitsWith: .failure) { try Batch(maximumTokens: 4).append([]) }
    await #expect(processExitsWith: .failure) {
      try Batch(maximumTokens: 4).append([1, 2], types: [1])
    }
    await #expect(processExitsWith: .failure) {
      let batch = try Batch(maximumTokens: 4)
      try batch.append([1], language: 0)
      try batch.append([1])
    }
  }
}
