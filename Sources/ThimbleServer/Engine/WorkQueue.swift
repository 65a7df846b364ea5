internal import Thimble

/// Jobs that wait, bounded by their tokens, and the rule by which passes are made of them.
///
/// A pass takes sequences of different jobs in turn, and begins each time with another job: one of a thousand sequences
/// delays one of a single sequence by a pass and no more, and every job gets on. Who came first gets room for readings first.
package struct WorkQueue {
  /// A sequence that was taken for a pass.
  package struct Item {
    package let job: Job
    package let index: Int
    var work: Work { job.works[index] }
  }

  private struct Waiting {
    let job: Job
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
  package mutating func append(_ job: Job) -> Bool {
    guard job.tokenCount <= capacity - tokenCount else { return false }
    tokenCount += job.tokenCount
    jobs.append(Waiting(job: job))
    return true
  }

  /// Forgets jobs that nobody waits for any more.
  mutating func removeAbandoned() {
    jobs.removeAll { waiting in
      guard waiting.job.isOver else { return false }
      tokenCount -= waiting.job.works[waiting.next...].reduce(0) { $0 + $1.tokenCount }
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
    generation: Int, tokens: Int, positions: Int, takesRoom: (Job) -> Bool
  ) -> [Item] {
    removeAbandoned()
    giveRoom(generation, takesRoom)
    guard
      let first = jobs.firstIndex(where: { $0.job.generation == generation && $0.hasRoom })
    else { return [] }
    jobs.append(jobs.remove(at: first))
    var pass: [Item] = []
    var (tokensLeft, positionsLeft) = (tokens, positions)
    func fits(_ work: Work) -> Bool {
      guard let leader = pass.first?.work else { return true }
      return work.tokenCount <= tokensLeft && work.scored?.count ?? 0 <= positionsLeft
        && work.sequence.fits(with: leader.sequence)
    }
    var took: Bool
    repeat {
      took = false
      // The job that leads this pass stands last now.
      for place in [jobs.count - 1] + Array(0..<jobs.count - 1) {
        let (job, next) = (jobs[place].job, jobs[place].next)
        guard job.generation == generation, jobs[place].hasRoom, next < job.works.count,
          fits(job.works[next])
        else { continue }
        pass.append(Item(job: job, index: next))
        jobs[place].next += 1
        let work = job.works[next]
        tokenCount -= work.tokenCount
        tokensLeft -= work.tokenCount
        positionsLeft -= work.scored?.count ?? 0
        took = true
      }
    } while took
    jobs.removeAll { $0.next == $0.job.works.count }
    return pass
  }

  /// Lets jobs begin: in the order in which they came, until there is no room for one. Behind that, only those that need none.
  private mutating func giveRoom(_ generation: Int, _ takesRoom: (Job) -> Bool) {
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
  mutating func removeAll() -> [Job] {
    defer { (jobs, tokenCount) = ([], 0) }
    return jobs.map(\.job)
  }
}
