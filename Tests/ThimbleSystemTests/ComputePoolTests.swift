import Synchronization
import Testing
import ThimbleSystem

@Suite("Compute pool")
struct ComputePoolTests {
  @Test("runs every task once, on a worker of the pool", arguments: [1, 2, 3, 8])
  func everyTaskOnce(threads: Int) throws {
    let pool = try ComputePool(threadCount: threads)
    for count in [0, 1, 2, 7, 1000] {
      let calls = try AlignedArray<Int32>(count: max(count, 1))
      let strayed = Atomic<Int>(0)
      pool.run(count: count) { task, worker in
        calls[task] += 1
        if !(0..<threads).contains(worker) { strayed.add(1, ordering: .relaxed) }
      }
      #expect((0..<count).allSatisfy { calls[$0] == 1 })
      #expect(strayed.load(ordering: .relaxed) == 0)
    }
  }

  @Test("what tasks wrote is seen when run returns, over many regions", arguments: [2, 4])
  func manyRegions(threads: Int) throws {
    let pool = try ComputePool(threadCount: threads)
    let values = try AlignedArray<Int>(count: 64)
    for round in 1...20_000 {
      pool.run(count: 64) { task, _ in values[task] += task }
      if round.isMultiple(of: 5000) {
        #expect((0..<64).allSatisfy { values[$0] == $0 * round })
      }
    }
  }

  @Test("workers that are busy leave their tasks to others", arguments: [2, 5])
  func stealing(threads: Int) throws {
    let pool = try ComputePool(threadCount: threads)
    let done = Atomic<Int>(0)
    // The first task of the caller's share waits until all other tasks are done, so others must take them.
    pool.run(count: 40) { task, _ in
      if task == 0 { while done.load(ordering: .relaxed) < 39 {} }
      done.add(1, ordering: .relaxed)
    }
    #expect(done.load(ordering: .relaxed) == 40)
  }

  struct Stop: Error, Equatable { let task: Int }

  @Test("an error ends the region and is thrown on; the pool stays usable", arguments: [1, 2, 4])
  func errors(threads: Int) throws {
    let pool = try ComputePool(threadCount: threads)
    #expect(throws: Stop(task: 3)) {
      try pool.run(count: 100) { (task, _) throws(Stop) in if task == 3 { throw Stop(task: 3) } }
    }
    let done = Atomic<Int>(0)
    pool.run(count: 10) { _, _ in done.add(1, ordering: .relaxed) }
    #expect(done.load(ordering: .relaxed) == 10)
  }
}
