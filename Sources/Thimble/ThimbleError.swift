public import ThimbleModel
public import ThimbleText

/// Why a text cannot be worked on.
public enum ThimbleError: Error, CustomStringConvertible {
  case model(ModelError)
  case text(TextError)
  /// The model comes without vocabulary: only token ids can be worked on.
  case noTokenizer(path: String)
  case noMask
  /// The text has more tokens than the model takes.
  case tooLong(tokens: Int, limit: Int)
  /// A token id that the vocabulary does not have.
  case tokenID(Int, vocabularySize: Int)
  /// A language that the model does not know.
  case language(String, known: [String])
  case target(String)

  public var description: String {
    switch self {
    case .model(let error): error.description
    case .text(let error): error.description
    case .noTokenizer(let path):
      "\(path): has no vocabulary, so that it cannot read text. Give token ids with --ids, or convert a checkpoint with vocab.json and merges.txt."
    case .noMask:
      "There is no mask in the text. Write <mask> where a word is missing: \"Paris is the <mask> of France.\""
    case .tooLong(let tokens, let limit):
      "The text has \(tokens) tokens; at most \(limit) fit. Split it, or cut it with --truncate."
    case .tokenID(let id, let vocabularySize):
      "Token id \(id) is outside the vocabulary of \(vocabularySize) (0 to \(vocabularySize - 1))."
    case .language(let name, let known):
      "The model does not know the language \"\(name)\". It knows: \(known.joined(separator: " "))."
    case .target(let target):
      "The target \"\(target)\" yields no token of the vocabulary."
    }
  }
}
