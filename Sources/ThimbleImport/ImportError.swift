public import ThimbleArchitecture
public import ThimbleCheckpoint
public import ThimbleJSON
public import ThimbleSystem
public import ThimbleText

/// Why a checkpoint cannot be understood as an XLM model.
public enum ImportError: Error, Equatable, CustomStringConvertible {
  case checkpoint(CheckpointError)
  case system(SystemError)
  case json(path: String, JSONError)
  case configuration(path: String, ArchitectureError)
  /// A file that must be beside the others is not; `purpose` says what it is for.
  case missingFile(path: String, purpose: String)
  /// Several files could be meant.
  case ambiguousFiles(directory: String, [String])
  /// A torch file that is neither a state dictionary nor an original XLM checkpoint.
  case noModel(path: String, reason: String)
  /// `found`: the names of the tensors that are there.
  case missingTensors(path: String, [String], found: [String])
  /// A file that is read as a whole is larger than any honest one.
  case tooLarge(path: String, byteCount: Int, limit: Int)
  case shapes(path: String, [ShapeMismatch])
  /// Tensors whose numbers cannot be read as weights.
  case elementType(path: String, name: String, ElementType)
  case refusedTensor(path: String, name: String, reason: String)
  /// Two tensors that mean the same one.
  case duplicateTensor(path: String, names: [String])
  case vocabulary(path: String, VocabularyFault)
  case merges(path: String, MergesFault)
  /// A dictionary for splitting a language into words.
  case dictionary(path: String, TextError)

  public struct ShapeMismatch: Sendable, Equatable, CustomStringConvertible {
    public let name: String
    public let found: [Int]
    public let wanted: [Int]

    public init(name: String, found: [Int], wanted: [Int]) {
      self.name = name
      self.found = found
      self.wanted = wanted
    }

    public var description: String {
      "tensor \"\(name)\" is \(found); the configuration needs \(wanted)"
    }
  }

  public var description: String {
    switch self {
    case .checkpoint(let error): error.description
    case .system(let error): error.description
    case .json(let path, let error): "\(path): \(error)"
    case .dictionary(let path, let error): "\(path): \(error)"
    case .configuration(let path, let error): "\(path): \(error)"
    case .missingFile(let path, let purpose):
      "\(path) is missing: it holds \(purpose). Put it beside the weights."
    case .tooLarge(let path, let byteCount, let limit):
      "\(path): \(byteCount) bytes; such a file may have at most \(limit)."
    case .ambiguousFiles(let directory, let names):
      "\(directory): \(names.printable()): which is meant? Name the file."
    case .noModel(let path, let reason): "\(path): \(reason)"
    case .missingTensors(let path, let names, let found):
      "\(path): \(names.count) tensor\(names.count == 1 ? " is" : "s are") missing: \(names.printable(count: 8)). "
        + (found.isEmpty
          ? "There are no tensors at all."
          : "The tensors there are called: \(found.printable(count: 8)).")
    case .shapes(let path, let mismatches):
      "\(path): \(mismatches.map(\.description).printable(count: 8, limit: 200, separator: "; "))."
        + " Use the configuration that belongs to the weights."
    case .elementType(let path, let name, let type):
      "\(path): tensor \"\(name)\" holds \(type); weights must be float32, float16 or bfloat16."
    case .refusedTensor(let path, let name, let reason):
      "\(path): tensor \"\(name)\" cannot be left out: \(reason)."
    case .duplicateTensor(let path, let names):
      "\(path): \(names.map { "\"\($0)\"" }.joined(separator: " and ")) mean the same tensor."
    case .vocabulary(let path, let fault): "\(path): \(fault)"
    case .merges(let path, let fault): "\(path): \(fault)"
    }
  }
}

/// What is wrong with a vocabulary.
public enum VocabularyFault: Error, Equatable, CustomStringConvertible {
  case json(JSONError)
  case id(token: String, found: Int64, vocabularySize: Int)
  case duplicateID(Int, tokens: [String])
  case duplicateToken(String)
  case notUTF8(line: Int)
  case entry(reason: String)
  case tooLarge(byteCount: Int, limit: Int)

  public var description: String {
    switch self {
    case .json(let error): "\(error)"
    case .id(let token, let found, let vocabularySize):
      "token \"\(token)\" has the id \(found); the model has the ids 0 to \(vocabularySize - 1)."
    case .duplicateID(let id, let tokens):
      "the id \(id) belongs to \(tokens.map { "\"\($0)\"" }.joined(separator: " and to "))."
    case .duplicateToken(let token): "token \"\(token)\" occurs twice."
    case .notUTF8(let line): "line \(line) is not UTF-8."
    case .entry(let reason): reason
    case .tooLarge(let byteCount, let limit):
      "\(byteCount) bytes; a vocabulary may have at most \(limit)."
    }
  }
}

/// What is wrong with a file of merges.
public enum MergesFault: Error, Equatable, CustomStringConvertible {
  case notUTF8(line: Int)
  case tooLarge(byteCount: Int, limit: Int)

  public var description: String {
    switch self {
    case .notUTF8(let line): "line \(line) is not UTF-8."
    case .tooLarge(let byteCount, let limit):
      "\(byteCount) bytes; merges may have at most \(limit)."
    }
  }
}
