/// Tallies by language, in the order in which languages come.
struct OrderedTallies<Tally: TallyOfTask> {
  private(set) var entries: [(name: String, tally: Tally)] = []

  subscript(name: String) -> Tally {
    get { entries.first { $0.name == name }?.tally ?? Tally() }
    _modify {
      let place = entries.firstIndex { $0.name == name } ?? entries.count
      if place == entries.count { entries.append((name, Tally())) }
      yield &entries[place].tally
    }
  }
}

protocol TallyOfTask { init() }

/// What is counted of classes.
struct ClassTally: TallyOfTask {
  /// Which answers are right: first those of the reference, then those of the file.
  private var right = PairedAnswers()
  private var agreeing = 0

  mutating func add(label: Int, reference: Int, file: Int) {
    right.add(first: reference == label, second: file == label)
    if reference == file { agreeing += 1 }
  }

  mutating func add(_ other: ClassTally) {
    right.add(other.right)
    agreeing += other.agreeing
  }

  func result(_ name: String) -> TaskReport.Result {
    let trials = Double(right.count)
    let share = Double(agreeing) / trials
    let agreement = Estimate(value: share, interval: wilsonInterval(share: share, trials: trials))
    return .init(
      name: name, examples: right.count, reference: right.first.value, file: right.second.value,
      accuracy: .init(
        reference: right.first, file: right.second, difference: right.difference,
        agreement: agreement), cosine: nil)
  }
}

/// What is kept of similarities.
struct SimilarityTally: TallyOfTask {
  private var scores: [Double] = []
  private var reference: [Double] = []
  private var file: [Double] = []
  private(set) var fidelity: [Float] = []

  mutating func add(score: Double, reference: Double, file: Double, fidelity: [Double]) {
    scores.append(score)
    self.reference.append(reference)
    self.file.append(file)
    self.fidelity += fidelity.map { Float($0) }
  }

  func result(_ name: String) -> TaskReport.Result {
    .init(
      name: name, examples: scores.count, reference: spearman(scores, reference),
      file: spearman(scores, file), accuracy: nil, cosine: .init(fidelity))
  }
}
