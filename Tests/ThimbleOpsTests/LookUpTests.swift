import Synchronization
import Testing
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

@Suite("Looking up rows of tables")
struct LookUpTests {
  /// A table in groups of `rowsPerGroup` rows that counts how often a worker had to turn to another group.
  final class CountingTable: RowSource {
    let rows: [[Float]]
    private let rowsPerGroup: Int
    private let broken: Int?
    private let current: AlignedArray<Int32>
    let turns = Atomic(0)

    init(_ rows: [[Float]], rowsPerGroup: Int, workers: Int, broken: Int? = nil) throws {
      self.rows = rows
      self.rowsPerGroup = rowsPerGroup
      self.broken = broken
      current = try aligned([Int32](repeating: -1, count: workers))
    }

    func group(ofRow row: Int) -> Int { row / rowsPerGroup }

    func copyRow(
      _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
    ) throws(WeightError) {
      guard row != broken else { throw WeightError("row \(row) is broken") }
      if current[worker] != Int32(group(ofRow: row)) {
        current[worker] = Int32(group(ofRow: row))
        turns.add(1, ordering: .relaxed)
      }
      for (column, value) in rows[row].enumerated() { values[offset + column] = value }
    }
  }

  private func ids(_ random: inout SeededRandom, below limit: Int, _ count: Int) throws -> [Int] {
    (0..<count).map { _ in Int.random(in: 0..<limit, using: &random) }
  }

  @Test(
    "rows are stored or added where their ids stand, and each group is turned to once",
    arguments: [1, 2, 5], [1, 33, 64])
  func rows(threads: Int, width: Int) throws {
    let pool = try ComputePool(threadCount: threads)
    let lookUp = try LookUp(maximumRows: 50, width: width, workers: threads)
    // The largest first: nothing of it may be left for those that follow.
    for count in [50, 1, 0, 17, 49] {
      let seed = UInt64(count * 100 + width)
      var random = SeededRandom(seed: seed)
      let rows = random.normals(70, by: width)
      let before = random.normals(50, by: width)
      let ids = try ids(&random, below: 70, count)
      let memory = try aligned((ids + [99]).map(Int32.init))
      for adding in [false, true] {
        let table = try CountingTable(rows, rowsPerGroup: 8, workers: threads)
        let output = try FloatRows(before, width: width)
        try lookUp.apply(
          table, ids: memory, to: output, count: count, adding: adding, pool: pool)
        for index in before.indices {
          let wanted =
            index >= count
            ? before[index]
            : adding ? zip(before[index], rows[ids[index]]).map(+) : rows[ids[index]]
          #expect(difference(output.row(index), wanted) == nil, "seed \(seed), row \(index)")
        }
        #expect(table.turns.load(ordering: .relaxed) == Set(ids.map { $0 / 8 }).count)
      }
    }
  }

  @Test("quantised and fp32 tables give the rows that they stand for", arguments: [1, 3])
  func tables(threads: Int) throws {
    let seed: UInt64 = 21
    var random = SeededRandom(seed: seed)
    let (pool, width) = (try ComputePool(threadCount: threads), 80)
    let quantized = try TestMatrix(
      &random, rows: 100, columns: width, panelsPerChunk: 2, workers: threads)
    let rows = random.normals(100, by: width)
    let values = try aligned(Array(rows.joined()))
    let tables: [(any RowSource, (Int) -> [Float])] = [
      (quantized, quantized.values(ofRow:)), (FloatTable(values, columns: width), { rows[$0] }),
      (try makeFloatMatrix(Array(rows.joined()), rows: 100, columns: width), { rows[$0] }),
    ]
    let ids = [99, 0, 31, 32, 99, 64, 63, 5]
    let lookUp = try LookUp(maximumRows: ids.count, width: width, workers: threads)
    for (number, (table, row)) in tables.enumerated() {
      let output = try FloatRows(rows: ids.count, width: width)
      try lookUp.apply(
        table, ids: aligned(ids.map(Int32.init)), to: output, count: ids.count, adding: false,
        pool: pool)
      for (index, id) in ids.enumerated() {
        #expect(difference(output.row(index), row(id)) == nil, "seed \(seed), table \(number)")
      }
    }
  }

  @Test("a row that cannot be had ends the look-up with its error", arguments: [1, 2])
  func broken(threads: Int) throws {
    let table = try CountingTable(
      [[1], [2], [3]], rowsPerGroup: 1, workers: threads, broken: 1)
    let lookUp = try LookUp(maximumRows: 3, width: 1, workers: threads)
    for adding in [false, true] {
      #expect(throws: WeightError("row 1 is broken")) {
        try lookUp.apply(
          table, ids: aligned([0, 1, 2]), to: FloatRows(rows: 3, width: 1), count: 3,
          adding: adding, pool: ComputePool(threadCount: threads))
      }
    }
  }
}
