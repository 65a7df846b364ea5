internal import ThimbleSystem

/// Pairs of sentences with what the first says about the second: XNLI (Conneau et al., 2018).
public struct InferenceTask: Sendable {
  /// The classes, in the order of the original code.
  public static let classes = ["contradiction", "neutral", "entailment"]

  struct Example: Sendable {
    let language: String
    let premise: String
    let hypothesis: String
    /// Index in `classes`.
    let label: Int
    let path: String
    let number: Int
  }

  let examples: [Example]

  /// Reads the official files (a header, all languages in one) and those of XTREME (premise, hypothesis, label; named after their
  /// language, as in dev-de.tsv).
  ///
  /// - Parameter limit: the most examples of a language.
  public init(paths: [String], limit: Int? = nil) throws(EvaluationError) {
    var examples: [Example] = []
    var counts: [String: Int] = [:]
    for path in paths {
      try Self.read(path) { example in
        guard counts[example.language, default: 0] < limit ?? .max else { return }
        counts[example.language, default: 0] += 1
        examples.append(example)
      }
    }
    guard !examples.isEmpty else {
      throw .noText(path: paths.joined(separator: ", "), reason: "there are no examples.")
    }
    self.examples = examples
  }

  private static func read(
    _ path: String, _ body: (Example) -> Void
  ) throws(EvaluationError) {
    let bytes: ByteView
    do { bytes = try contents(ofPath: path) } catch { throw .system(error) }
    var records = Records(bytes, .tabs)
    func next() throws(EvaluationError) -> [String]? {
      do { return try records.next() } catch { throw EvaluationError(error, path: path) }
    }
    guard var record = try next() else { throw .noText(path: path, reason: "the file is empty.") }
    let names = [
      ["sentence1", "premise"], ["sentence2", "hypo", "hypothesis"], ["gold_label", "label"],
    ]
    let hasHeader = names.joined().contains { record.contains($0) }
    let header = hasHeader ? record : ["premise", "hypothesis", "label"]
    let columns = try Columns(names, in: header, path: path)
    let languages =
      header.contains("language") ? try Columns([["language"]], in: header, path: path) : nil
    if hasHeader {
      guard let first = try next() else {
        throw .noText(path: path, reason: "there is only a header.")
      }
      record = first
    }
    while true {
      let fields = try columns.fields(of: record, path: path, number: records.number)
      // The training files spell it so.
      let name = fields[2] == "contradictory" ? classes[0] : fields[2]
      guard let label = classes.firstIndex(of: name) else {
        throw .label(path: path, number: records.number, found: fields[2], known: classes)
      }
      body(
        Example(
          language: try languages?.fields(of: record, path: path, number: records.number)[0]
            ?? languageName(ofPath: path), premise: fields[0],
          hypothesis: fields[1], label: label, path: path, number: records.number))
      guard let following = try next() else { return }
      record = following
    }
  }
}

/// "de" for "xnli/dev-de.tsv", "stsb-de-dev.csv" or "xquad.de.json": the last part of two letters before the extension, else
/// the name up to its first point.
func languageName(ofPath path: String) -> String {
  let file = path.split(separator: "/").last ?? ""
  let parts = file.split(separator: ".")
  let words = (parts.count > 1 ? parts.dropLast() : parts[...]).flatMap {
    $0.split { "-_".contains($0) }
  }
  let name = words.last { $0.count == 2 && $0.allSatisfy(\.isLowercase) }
  return String(name ?? parts.first ?? "")
}

/// Which class each output of a head means. Three orders are in use for XNLI.
public enum LabelOrder: String, Sendable, CaseIterable {
  /// contradiction, neutral, entailment: the original XLM code.
  case original
  /// contradiction, entailment, neutral: Hugging Face's XnliProcessor.
  case processor = "hf-processor"
  /// entailment, neutral, contradiction: the data set `xnli` of Hugging Face.
  case dataset = "hf-dataset"

  /// For each output its index in `InferenceTask.classes`.
  var classes: [Int] {
    switch self {
    case .original: [0, 1, 2]
    case .processor: [0, 2, 1]
    case .dataset: [2, 1, 0]
    }
  }

  /// The order that a head's own names of its classes give.
  ///
  /// - Throws: `EvaluationError.classes` if they are not those of the task.
  static func classes(of labels: [String], path: String) throws(EvaluationError) -> [Int] {
    let places = labels.compactMap { InferenceTask.classes.firstIndex(of: $0.lowercased()) }
    guard places.count == labels.count, Set(places).count == InferenceTask.classes.count else {
      throw .classes(path: path, found: labels, expected: InferenceTask.classes)
    }
    return places
  }
}
