/// The progress of work in several stages: one line on the terminal with the time that is left for all of them.
///
/// How long the stages take is not known before. Each begins with a share of the whole that fits most models; what the
/// finished ones took corrects what is left.
final class Stages {
  private var bar: Progress
  private let stages: [(name: String, share: Double)]
  private var current = -1

  /// - Parameter stages: in their order; the shares need not sum up to anything.
  init(_ stages: [(name: String, share: Double)]) {
    self.stages = stages
    bar = Progress("", unit: .items(""), total: 1000)
  }

  /// Begins the next stage.
  func next() {
    current = min(current + 1, stages.count - 1)
    update(0)
  }

  /// Shows that `fraction` of the current stage is done.
  func update(_ fraction: Double) {
    let whole = stages.map(\.share).reduce(0, +)
    let before = stages[..<max(current, 0)].map(\.share).reduce(0, +)
    let share = stages[max(current, 0)].share
    bar.update(
      titled: "\(stages[max(current, 0)].name) (\(max(current, 0) + 1) of \(stages.count))",
      fraction: (before + share * min(max(fraction, 0), 1)) / whole)
  }

  /// Removes the line.
  func finish() { bar.finish() }
}
