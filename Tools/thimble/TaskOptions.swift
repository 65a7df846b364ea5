internal import ArgumentParser
internal import Thimble
internal import ThimbleEvaluation
internal import ThimbleModel
internal import ThimbleSystem

/// What is measured with labels instead of masks.
struct TaskOptions: ParsableArguments {
  @Option(
    help:
      "A task with labels instead of text: xnli (accuracy), sts (Spearman's correlation), conll (F1 by entity) or squad (F1 and exact match of answers).",
    completion: .list(TaskReport.Task.allCases.map(\.rawValue)),
    transform: TaskReport.Task.init(argument:))
  var task: TaskReport.Task?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The examples of the task: xnli.test.tsv, dev-de.tsv, stsb-de-dev.csv, test-de.conll, xquad.de.json, or - for standard input.",
      valueName: "path"), completion: .file())
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "Which output of the head is which class, for xnli: original (contradiction neutral entailment), hf-processor (contradiction entailment neutral) or hf-dataset (entailment neutral contradiction). (default: as the checkpoint names them)",
      valueName: "order"), completion: .list(LabelOrder.allCases.map(\.rawValue)),
    transform: LabelOrder.init(argument:))
  var labels: LabelOrder?

  @Option(
    help: "How the vectors of tokens become one, for sts: mean or first. (default: mean)")
  var pooling: Pooling?

  @Option(
    name: .customLong("compat"),
    help: "How to prepare the texts of a task: training or hf. (default: training)")
  var convention: Convention?

  @Flag(
    inversion: .prefixedNo,
    help: "Add token types to the texts of a task. (default: as --compat says)")
  var tokenTypes: Bool?

  /// How texts are put into the models; those that are too long are cut.
  var text: TextOptions {
    var text = TextOptions()
    text.convention = convention ?? .training
    text.addsTypes = tokenTypes
    return text
  }

  func validate() throws {
    guard let task else {
      let given = [
        ("--data", !data.isEmpty), ("--labels", labels != nil), ("--pooling", pooling != nil),
        ("--compat", convention != nil),
        (tokenTypes == false ? "--no-token-types" : "--token-types", tokenTypes != nil),
      ]
      if let (name, _) = given.first(where: { $0.1 }) {
        throw ValidationError("\(name) needs --task.")
      }
      return
    }
    guard !data.isEmpty else {
      throw ValidationError("--task needs --data PATH: the examples of the task.")
    }
    if task != .sts, pooling != nil { throw ValidationError("--pooling needs --task sts.") }
    if task != .xnli, labels != nil { throw ValidationError("--labels needs --task xnli.") }
  }
}

extension TaskReport.Task {
  fileprivate init(argument: String) throws {
    guard let task = Self(rawValue: argument) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--task \(argument.printable()): must be one of \(known).")
    }
    self = task
  }
}

extension LabelOrder {
  fileprivate init(argument: String) throws {
    guard let order = LabelOrder(rawValue: argument) else {
      let known = LabelOrder.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--labels \(argument): must be one of \(known).")
    }
    self = order
  }
}
