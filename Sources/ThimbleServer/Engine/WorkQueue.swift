internal import Thimble

/// Jobs that wait, bounded by their tokens, and the rule by which passes are made of them.
///
/// A pass takes sequences of different jobs in turn, and begins each time with another job: one of a thousand sequences
/// delays one of a single sequence by a pass and no more, and every job gets on. Who came first gets room for readings first.
package struct WorkQueue {
  /// A sequence that was taken for a pass.
  package struct Item {
    package let job: any QueuedJob
    package let index: Int
    var sequence: SequenceInput { job.sequence(index) }
  }

  private struct Waiting {
    let job: any QueuedJob
    var next = 0
    /// Whether there is room for what is read of it.
    var hasRoom = false
  }

  /// The most tokens that may wait.
  let capacity: Int
  package private(set) var tokenCount = 0
  private var jobs: [Waiting] = []

  package init(capacity: Int) { self.capacity = capacity }

  package var jobCount: Int { jobs.count }

  /// - Returns: false, with nothing changed, if there is no room.
  package mutating func append(_ job: any QueuedJob) -> Bool {
    guard job.tokenCount <= capacity - tokenCount else { return false }
    tokenCount += job.tokenCount
    jobs.append(Waiting(job: job))
    return true
  }

  /// Forgets jobs that nobody waits for any more.
  mutating func removeAbandoned() {
    jobs.removeAll { waiting in
      guard waiting.job.isOver else { return false }
      tokenCount -= (waiting.next..<waiting.job.count).reduce(0) {
        $0 + waiting.job.sequence($1).ids.count
      }
      return true
    }
  }

  /// Whether jobs of `generation` wait.
  func holdsJobs(of generation: Int) -> Bool { jobs.contains { $0.job.generation == generation } }

  /// Takes sequences for one pass out of jobs of `generation`; none if none waits, or none gets room.
  ///
  /// - Parameters:
  ///   - tokens: the most tokens of the pass.
  ///   - positions: the most logits, unless a single sequence wants more.
  ///   - takesRoom: makes room for what is read of a job; false if there is none.
  package mutating func takePass(
    generation: Int, tokens: Int, positions: Int, takesRoom: (any QueuedJob) -> Bool
  ) -> [Item] {
    removeAbandoned()
    giveRoom(generation, takesRoom)
    guard
      let first = jobs.firstIndex(where: { $0.job.generation == generation && $0.hasRoom })
    else { return [] }
    jobs.append(jobs.remove(at: first))
    var pass: [Item] = []
    var (tokensLeft, positionsLeft) = (tokens, positions)
    func fits(_ job: any QueuedJob, _ index: Int) -> Bool {
      guard let leader = pass.first?.sequence else { return true }
      let sequence = job.sequence(index)
      return sequence.ids.count <= tokensLeft && job.scoredRows(index) <= positionsLeft
        && sequence.fits(with: leader)
    }
    var took: Bool
    repeat {
      took = false
      // The job that leads this pass stands last now.
      for place in [jobs.count - 1] + Array(0..<jobs.count - 1) {
        let (job, next) = (jobs[place].job, jobs[place].next)
        guard job.generation == generation, jobs[place].hasRoom, next < job.count,
          fits(job, next)
        else { continue }
        pass.append(Item(job: job, index: next))
        jobs[place].next += 1
        let tokens = job.sequence(next).ids.count
        tokenCount -= tokens
        tokensLeft -= tokens
        positionsLeft -= job.scoredRows(next)
        took = true
      }
    } while took
    jobs.removeAll { $0.next == $0.job.count }
    return pass
  }

  /// Lets jobs begin: in the order in which they came, until there is no room for one. Behind that, only those that need none.
  private mutating func giveRoom(_ generation: Int, _ takesRoom: (any QueuedJob) -> Bool) {
    var isFull = false
    for place in jobs.indices where !jobs[place].hasRoom {
      let job = jobs[place].job
      guard job.generation == generation, !isFull || job.readingSize <= ReadingRoom.freeBytes else {
        continue
      }
      jobs[place].hasRoom = takesRoom(job)
      isFull = isFull || !jobs[place].hasRoom
    }
  }

  /// Takes out all jobs.
  mutating func removeAll() -> [any QueuedJob] {
    defer { (jobs, tokenCount) = ([], 0) }
    return jobs.map(\.job)
  }
}
