/// What is counted of labelled words.
struct TaggingTally: TallyOfTask {
  private var (sentences, words) = (0, 0)
  private var f1 = PairedShares()
  private var precision = PairedShares()
  private var recall = PairedShares()
  private var accuracy = PairedShares()
  private var agreement = ClusteredMean()
  private var types: [String: TaskReport.Tagging.TypeCounts] = [:]

  /// Adds a sentence, with the labels that its words should have and those that they got.
  mutating func add(labels: [String], reference: [String], file: [String]) {
    let expected = entities(labels)
    let (own, others) = (entities(reference), entities(file))
    let correct = [own, others].map { Set($0).intersection(expected).count }
    func add(_ sum: inout PairedShares, _ own: (hits: Int, Int), _ others: (hits: Int, Int)) {
      sum.add(first: (Double(own.hits), own.1), second: (Double(others.hits), others.1))
    }
    add(
      &f1, (2 * correct[0], own.count + expected.count),
      (2 * correct[1], others.count + expected.count))
    add(&precision, (correct[0], own.count), (correct[1], others.count))
    add(&recall, (correct[0], expected.count), (correct[1], expected.count))
    let right = [reference, file].map { zip($0, labels).count { $0 == $1 } }
    add(&accuracy, (right[0], labels.count), (right[1], labels.count))
    agreement.add(
      sum: Double(zip(reference, file).count { $0 == $1 }), count: labels.count, cluster: sentences)
    for type in Set((expected + own + others).map(\.type)) {
      let ofType = { (spans: [EntitySpan]) in spans.filter { $0.type == type } }
      types[type, default: .init(name: type)].reference.add(
        ofType(own), expected: ofType(expected))
      types[type, default: .init(name: type)].file.add(ofType(others), expected: ofType(expected))
    }
    sentences += 1
    words += labels.count
  }

  mutating func add(_ other: TaggingTally) {
    f1.add(other.f1)
    precision.add(other.precision)
    recall.add(other.recall)
    accuracy.add(other.accuracy)
    agreement.add(other.agreement)
    for (name, counts) in other.types {
      types[name, default: .init(name: name)].reference.add(counts.reference)
      types[name, default: .init(name: name)].file.add(counts.file)
    }
    sentences += other.sentences
    words += other.words
  }

  func result(_ name: String) -> TaskReport.Result {
    let f1 = f1.estimates
    var result = TaskReport.Result(
      name: name, examples: sentences, reference: f1.reference.value, file: f1.file.value,
      accuracy: .init(f1, agreement: agreement.proportion()), cosine: nil)
    result.tagging = .init(
      words: words, precision: precision.estimates, recall: recall.estimates,
      accuracy: accuracy.estimates, types: types.values.sorted { $0.name < $1.name })
    return result
  }
}
