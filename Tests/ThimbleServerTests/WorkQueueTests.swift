import Testing
import Thimble
import ThimbleModel
import ThimbleServer

@Suite("The queue")
struct WorkQueueTests {
  func job(
    _ lengths: [Int], generation: Int = 0, hasTypes: Bool = false, readingSize: Int = 0
  ) -> Job<SentencePooling> {
    var options = TextOptions()
    options.addsTypes = hasTypes
    return Job(
      lengths.map { length in
        Work<SentencePooling>(
          sequence: SequenceInput(ids: [Int](repeating: 1, count: length), options),
          query: .mean)
      }, generation: generation, readingSize: readingSize)
  }

  func take(_ queue: inout WorkQueue, tokens: Int = 100) -> [WorkQueue.Item] {
    queue.takePass(generation: 0, tokens: tokens, positions: 8) { _ in true }
  }

  private func append(_ job: any QueuedJob, to queue: inout WorkQueue) {
    let hasRoom = queue.append(job)
    #expect(hasRoom)
  }

  private func expectPass(of count: Int, from queue: inout WorkQueue) {
    let pass = take(&queue)
    #expect(pass.count == count)
  }

  @Test("packs jobs that wait into one pass")
  func packing() {
    var queue = WorkQueue(capacity: 1000)
    let jobs = [job([10, 20]), job([30]), job([5])]
    for job in jobs { append(job, to: &queue) }
    #expect(queue.tokenCount == 65)
    expectPass(of: 4, from: &queue)
    #expect(queue.tokenCount == 0 && queue.jobCount == 0)
    expectPass(of: 0, from: &queue)
  }

  @Test("lets a short job pass a long one that came before it")
  func fairness() {
    var queue = WorkQueue(capacity: 100_000)
    append(job([Int](repeating: 50, count: 100)), to: &queue)
    _ = take(&queue)
    let short = job([40])
    append(short, to: &queue)
    let pass = take(&queue)
    #expect(pass.contains { $0.job === short })
  }

  @Test("gets every job on, however many others come")
  func progress() {
    var queue = WorkQueue(capacity: 100_000)
    let long = job([90, 90, 90])
    append(long, to: &queue)
    var passesLeft = 10
    while queue.tokenCount > 0 && passesLeft > 0 {
      passesLeft -= 1
      if passesLeft > 4 { for _ in 0..<2 { append(job([20]), to: &queue) } }
      _ = take(&queue)
    }
    #expect(queue.jobCount == 0)
  }

  @Test("refuses what has no room, and has room again when a job is given up")
  func capacity() {
    var queue = WorkQueue(capacity: 100)
    let first = job([60])
    append(first, to: &queue)
    let refused = !queue.append(job([50]))
    #expect(refused)
    #expect(queue.tokenCount == 60)
    first.fail(CancellationError())
    let second = job([50])
    expectPass(of: 0, from: &queue)
    append(second, to: &queue)
    expectPass(of: 1, from: &queue)
  }

  @Test("lets jobs begin in their order when readings need room, and those that need none at once")
  func room() {
    var queue = WorkQueue(capacity: 1000)
    let jobs = [job([5], readingSize: 100_000), job([5], readingSize: 60_000), job([5])]
    for job in jobs { append(job, to: &queue) }
    func take(room: Int) -> [Int] {
      var left = room
      let pass = queue.takePass(generation: 0, tokens: 100, positions: 8) { job in
        guard job.readingSize <= left else { return false }
        left -= job.readingSize
        return true
      }
      return pass.map { item in jobs.firstIndex { $0 === item.job } ?? -1 }
    }
    // The second would fit, but was not first.
    #expect(take(room: 70_000) == [2])
    #expect(take(room: 70_000) == [])
    #expect(take(room: 100_000) == [0])
    #expect(take(room: 100_000) == [1])
  }

  @Test("keeps sequences apart that cannot be in one pass, and jobs of another model")
  func kinds() {
    var queue = WorkQueue(capacity: 100)
    for job in [job([5]), job([5], hasTypes: true), job([5], generation: 1)] {
      append(job, to: &queue)
    }
    expectPass(of: 1, from: &queue)
    expectPass(of: 1, from: &queue)
    expectPass(of: 0, from: &queue)
    let pass = queue.takePass(generation: 1, tokens: 9, positions: 8) { _ in true }
    #expect(pass.count == 1)
  }
}
