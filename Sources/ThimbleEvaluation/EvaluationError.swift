public import ThimbleModel
public import ThimbleSystem
public import ThimbleText

/// Why nothing can be measured.
public enum EvaluationError: Error, CustomStringConvertible {
  /// The models differ in what must agree for their outputs to be compared.
  case notTogether(file: String, reference: String, differences: [Difference])
  /// Same shapes, but other tokens.
  case vocabulary(file: String, reference: String)
  case noTokenizer(path: String)
  /// There is no sentence in what `path` names; `reason` says how it was looked for.
  case noText(path: String, reason: String)
  /// No sentence has a token that can be masked.
  case nothingToMask(path: String)
  /// Line `number` of `path` cannot be used.
  case line(path: String, number: Int, reason: String)
  /// A table lacks the column `name`.
  case column(path: String, name: String, found: [String])
  /// A label outside of the set that the task has.
  case label(path: String, number: Int, found: String, known: [String])
  /// The head does not have the classes of the task.
  case classes(path: String, found: [String], expected: [String])
  /// The labels of the head tell no entities.
  case labels(path: String, found: [String])
  /// The record at `place` of the JSON in `path` cannot be used.
  case record(path: String, place: String, reason: String)
  /// `model` gave NaN or infinity for line `number` of `path`.
  case notANumber(model: String, path: String, number: Int)
  /// It was stopped before anything was known.
  case interrupted
  case language(String, path: String, known: [String])
  case model(ModelError)
  case text(TextError)
  case system(SystemError)

  /// One entry of two configurations.
  public struct Difference: Sendable {
    public let field: String
    public let file: String
    public let reference: String
  }

  public var description: String {
    switch self {
    case .notTogether(let file, let reference, let differences):
      "\(file) was not made from \(reference): "
        + differences.map { "\"\($0.field)\" is \($0.file), in the reference \($0.reference)" }
        .joined(separator: "; ") + "."
    case .vocabulary(let file, let reference):
      "\(file) was not made from \(reference): their vocabularies differ, though not in size. Convert again."
    case .noTokenizer(let path):
      "\(path): has no vocabulary, so it cannot read text."
    case .noText(let path, let reason): "\(path): there is no sentence in it: \(reason)"
    case .nothingToMask(let path):
      "\(path): no sentence has a token that can be masked. Does the text suit the vocabulary?"
    case .line(let path, let number, let reason): "\(path), line \(number): \(reason)"
    case .column(let path, let name, let found):
      "\(path): there is no column \"\(name)\". The columns are: \(found.joined(separator: ", "))."
    case .label(let path, let number, let found, let known):
      "\(path), line \(number): the label \"\(found)\" is not one of \(known.joined(separator: ", "))."
    case .classes(let path, let found, let expected):
      "\(path): the head has the classes \(found.joined(separator: ", ")); the task needs \(expected.joined(separator: ", "))."
    case .labels(let path, let found):
      "\(path): the head has the labels \(found.joined(separator: ", ")); entities need O and labels that begin with B-, I-, E- or S-, such as B-PER. Name them in \"id2label\" of config.json."
    case .record(let path, let place, let reason): "\(path), \(place): \(reason)"
    case .language(let name, let path, let known):
      "\(path): the model does not know the language \"\(name)\". It knows: \(known.joined(separator: " ")). Name the file after one of them."
    case .notANumber(let model, let path, let number):
      "\(model): gives NaN or infinity for line \(number) of \(path), so nothing can be compared. Its weights are damaged or too large."
    case .interrupted: "Interrupted before the first result."
    case .model(let error): error.description
    case .text(let error): error.description
    case .system(let error): error.description
    }
  }
}
