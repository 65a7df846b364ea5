/// What is counted of answers to questions.
struct AnsweringTally: TallyOfTask {
  private var f1 = PairedShares()
  private var exactMatch = PairedShares()
  private var agreement = ClusteredMean()
  private var kinds = (has: KindTally(), none: KindTally())
  /// The questions about one context, which depend on each other.
  private var current: [Answered] = []
  private var context: Int?
  private var clusters = 0

  /// A question, and the scores of both answers.
  struct Answered {
    let context: Int
    let hasAnswer: Bool
    let reference: AnswerScore
    let file: AnswerScore
    let areSame: Bool
  }

  private struct KindTally {
    var examples = 0
    var exactMatch = (reference: 0.0, file: 0.0)
    var f1 = (reference: 0.0, file: 0.0)

    mutating func add(_ other: KindTally) {
      examples += other.examples
      exactMatch.reference += other.exactMatch.reference
      exactMatch.file += other.exactMatch.file
      f1.reference += other.f1.reference
      f1.file += other.f1.file
    }

    init() {}

    init(_ question: Answered) {
      examples = 1
      exactMatch = (question.reference.exactMatch, question.file.exactMatch)
      f1 = (question.reference.f1, question.file.f1)
    }

    func result(_ name: String) -> TaskReport.Answering.Kind? {
      guard examples > 0 else { return nil }
      let count = Double(examples)
      return .init(
        name: name, examples: examples,
        exactMatch: (exactMatch.reference / count, exactMatch.file / count),
        f1: (f1.reference / count, f1.file / count))
    }
  }

  /// Questions about one context come one behind the other.
  mutating func add(_ question: Answered) {
    if context != question.context { finishContext() }
    context = question.context
    current.append(question)
    if question.hasAnswer {
      kinds.has.add(KindTally(question))
    } else {
      kinds.none.add(KindTally(question))
    }
  }

  mutating func add(_ other: AnsweringTally) {
    var other = other
    other.finishContext()
    finishContext()
    f1.add(other.f1)
    exactMatch.add(other.exactMatch)
    agreement.add(other.agreement)
    clusters += other.clusters
    kinds.has.add(other.kinds.has)
    kinds.none.add(other.kinds.none)
  }

  private mutating func finishContext() {
    guard !current.isEmpty else { return }
    func add(_ sum: inout PairedShares, _ score: (AnswerScore) -> Double) {
      sum.add(
        first: (current.reduce(0) { $0 + score($1.reference) }, current.count),
        second: (current.reduce(0) { $0 + score($1.file) }, current.count))
    }
    add(&f1) { $0.f1 }
    add(&exactMatch) { $0.exactMatch }
    agreement.add(
      sum: Double(current.count(where: \.areSame)), count: current.count, cluster: clusters)
    clusters += 1
    current = []
  }

  func result(_ name: String) -> TaskReport.Result {
    var finished = self
    finished.finishContext()
    let f1 = finished.f1.estimates
    let kinds = [finished.kinds.has.result("HasAns"), finished.kinds.none.result("NoAns")]
      .compactMap(\.self)
    var result = TaskReport.Result(
      name: name, examples: kinds.reduce(0) { $0 + $1.examples }, reference: f1.reference.value,
      file: f1.file.value, accuracy: .init(f1, agreement: finished.agreement.proportion()),
      cosine: nil)
    result.answering = .init(
      exactMatch: finished.exactMatch.estimates, kinds: kinds.count > 1 ? kinds : [])
    return result
  }
}
