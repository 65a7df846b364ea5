public import ThimbleModel
internal import ThimbleSystem
public import ThimbleText

/// Why a text cannot be worked on.
public enum ThimbleError: Error, CustomStringConvertible {
  case model(ModelError)
  case text(TextError)
  /// The model comes without vocabulary: only token ids can be worked on.
  case noTokenizer(path: String)
  case noMask
  /// A text, or a list of ids, has no token that stands for text.
  case emptyText
  /// There is nothing to work on: no ids, or padding only.
  case noTokens
  /// Cutting the text to `limit` tokens would take away `count` of its masks.
  case maskCut(count: Int, limit: Int)
  /// The model sees what follows a token, and cannot say what comes next.
  case notCausal(path: String)
  /// A text of `tokens` tokens leaves no room for `added` more.
  case noRoom(tokens: Int, added: Int, limit: Int)
  /// Padding stands before other tokens, which a causal model cannot leave out.
  case paddingInside(position: Int)
  /// The text has more tokens than the model takes.
  case tooLong(tokens: Int, limit: Int)
  /// A token id that the vocabulary does not have.
  case tokenID(Int, vocabularySize: Int)
  /// JSON that is no list of token ids.
  case notIDs(reason: String)
  /// A language that the model does not know.
  case language(String, known: [String])
  case target(String)
  /// Neighbouring windows of a long text, of which each has room for `room` tokens, cannot share so many.
  case stride(Int, room: Int)
  /// A question with more tokens than it may have.
  case longQuestion(tokens: Int, limit: Int)
  /// A model whose head has several classes, of which none was named, or one that it does not have.
  case label(String?, known: [String])

  public var description: String {
    switch self {
    case .model(let error): error.description
    case .text(let error): error.description
    case .noTokenizer(let path):
      "\(path.printable()): has no vocabulary, so it accepts only token ids. Text needs a model converted with vocab.json and merges.txt."
    case .noMask:
      "There is no mask in the text. Write <mask> where a word is missing: \"Paris is the <mask> of France.\""
    case .emptyText: "The text has no tokens."
    case .noTokens:
      "There are no token ids other than padding."
    case .maskCut(let count, let limit):
      "Cut to \(limit) tokens, the text would lose \(count) of its masks. Split it."
    case .notCausal(let path):
      "\(path.printable()): the model is not causal (its configuration says causal: false). It sees what follows a token, and cannot say what comes next."
    case .noRoom(let tokens, let added, let limit):
      "The text has \(tokens) tokens, to which \(added) are to be added; at most \(limit) fit."
    case .paddingInside(let position):
      "Id \(position) of the list is padding before other tokens, which a causal model would read as a word. Put padding at the end."
    case .tooLong(let tokens, let limit):
      "The text has \(tokens) tokens; at most \(limit) fit."
    case .tokenID(let id, let vocabularySize):
      "Token id \(id) is outside the vocabulary of \(vocabularySize) (0 to \(vocabularySize - 1))."
    case .notIDs(let reason):
      "Not a JSON list of token ids, such as [1, 52, 5, 1]: \(reason)"
    case .language(let name, let known):
      "The model does not know the language \"\(name.printable())\". It knows: \(known.printable(count: 200, limit: 20, separator: " "))."
    case .target(let target):
      "The target \"\(target.printable())\" yields no token of the vocabulary."
    case .stride(let stride, let room):
      "A window has room for \(room) tokens of the text, so neighbours can share 0 to \(max(room - 1, 0)), not \(stride)."
    case .longQuestion(let tokens, let limit):
      "The question has \(tokens) tokens; at most \(limit) fit beside the context."
    case .label(let name, let known):
      (name.map { "The model has no class \"\($0.printable())\"." }
        ?? "The model has several classes, and none is named.")
        + " It has: \(known.printable(count: 50, limit: 30))."
    }
  }
}
