/// Which of a classifier's classes says that two texts belong together, and how sure it is.
public struct Relevance: Sendable {
  private let classes: Classes
  private let index: Int

  /// - Parameter label: the class that says so; nil: the only one.
  /// - Throws: `ThimbleError.label` if there are several and none is named, or there is none of that name.
  public init(_ classes: Classes, label: String? = nil) throws(ThimbleError) {
    self.classes = classes
    let named = label.flatMap { classes.labels.firstIndex(of: $0) }
    guard let index = label == nil && classes.labels.count == 1 ? 0 : named else {
      throw .label(label, known: classes.labels)
    }
    self.index = index
  }

  /// The score of a pair: a probability, or with `isRaw` what the head yields.
  ///
  /// - Parameter logits: one for each class, in the order of their ids.
  public func score(_ logits: [Float], isRaw: Bool = false) -> Double {
    isRaw ? Double(logits[index]) : classes.scores(logits)[index]
  }
}
