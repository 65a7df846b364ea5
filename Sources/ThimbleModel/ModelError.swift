public import ThimbleArchitecture
public import ThimbleFormat
public import ThimbleOps
public import ThimbleSystem

/// Why a model cannot be opened or run.
public enum ModelError: Error, CustomStringConvertible {
  /// The file or checkpoint at `path` lacks `tensors`.
  case missingTensors(path: String, tensors: [String])
  /// A tensor does not have the shape that the configuration needs.
  case shape(path: String, tensor: String, found: [Int], expected: [Int])
  /// The configuration in the file cannot be used.
  case configuration(path: String, reason: String)
  /// More tokens than positions, or than the batch has room for.
  case tooManyTokens(found: Int, allowed: Int)
  /// The id of a token or a language that the model does not have.
  case id(found: Int, limit: Int)
  /// The budget is below what the model needs without pinning anything.
  case budget(bytes: Int, minimum: Int)
  /// The file asks for more memory than its size justifies.
  case inflated(path: String, fileSize: Int, minimum: Int)
  /// Sections of the file do not fit each other.
  case disagreements(path: String, [Disagreement])
  /// The model yields NaN or infinities: its weights are damaged, or too large for fp32.
  case notFinite(path: String)
  /// The model has not the head that is asked for, or one that cannot be run.
  case head(path: String, reason: String)
  /// Somebody wrote into the file at `path` while it was in use.
  case changed(path: String)
  case weights(WeightError)
  case format(FormatError)
  case system(SystemError)

  public var description: String {
    switch self {
    case .missingTensors(let path, let tensors):
      "\(path.printable()): lacks \(tensors.count) tensor\(tensors.count == 1 ? "" : "s"): \(tensors.printable()). Convert again from a complete checkpoint."
    case .shape(let path, let tensor, let found, let expected):
      "\(path.printable()): tensor \"\(tensor.printable())\" is \(found); the configuration needs \(expected). Convert again from the same checkpoint."
    case .configuration(let path, let reason):
      "\(path.printable()): the configuration cannot be used: \(reason)"
    case .tooManyTokens(let found, let allowed):
      "\(found) tokens, but at most \(allowed) fit."
    case .id(let found, let limit):
      "Id \(found) is outside the table of \(limit) (0 to \(limit - 1)). Was the text encoded for another model?"
    case .budget(let bytes, let minimum):
      "A memory budget of \(megabytes(bytes)) is too little: this model needs at least \(megabytes(minimum))."
    case .inflated(let path, let fileSize, let minimum):
      "\(path.printable()): this model needs at least \(megabytes(minimum)) of memory, far more than a file of \(megabytes(fileSize)) justifies: it holds little but zeros."
    case .disagreements(let path, let found): Disagreement.text(found, path: path)
    case .notFinite(let path):
      "\(path.printable()): the model yields values that are not finite. Its weights are damaged, or too large."
    case .head(let path, let reason): "\(path.printable()): \(reason)"
    case .changed(let path):
      "\(path.printable()): the file was changed while it was in use. Replace files by renaming, and start again."
    case .weights(let error): error.description
    case .format(let error): error.description
    case .system(let error): error.description
    }
  }
}

/// "48 MB", rounded up, for messages about budgets: 1 MB is 2^20 bytes there, as in `--memory`.
func megabytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20)M" }
