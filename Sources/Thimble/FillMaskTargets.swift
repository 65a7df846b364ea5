internal import ThimbleText

/// The tokens that a mask may be filled with.
public struct FillMaskTargets: Sendable {
  /// nil: all of the vocabulary.
  let ids: [Int]?
  /// The targets that are not a token by themselves.
  public let replacements: [Replacement]

  /// A target of several tokens, or of none that the vocabulary has, and the first of them, which is scored instead.
  public struct Replacement: Sendable, Equatable {
    public let target: String
    public let id: Int
  }

  /// The tokens that `targets` mean: as the vocabulary spells them (`the</w>` is the word, `the` the piece), else the
  /// first token of the text.
  ///
  /// - Parameter targets: none: all of the vocabulary.
  /// - Throws: `ThimbleError.target` for a text without tokens, `.noTokenizer`, `.text`.
  public init(
    _ targets: [String], with texts: TextEncoder
  ) throws(ThimbleError) {
    guard !targets.isEmpty else {
      ids = nil
      replacements = []
      return
    }
    let text = texts.text
    guard let tables = text.tables else { throw .noTokenizer(path: text.path) }
    var (ids, known): ([Int], Set<Int>) = ([], [])
    var replacements: [Replacement] = []
    for target in targets {
      var id = tables.id(of: target)
      if id == nil {
        let tokens = try texts.tokens(
          target, EncodingOptions(mode: .huggingFace, ends: .none))
        id = tokens.first?.id
        if let id, tokens.count > 1 || id == tables.specialTokens.unknown {
          replacements.append(Replacement(target: target, id: id))
        }
      }
      guard let id else { throw .target(target) }
      if known.insert(id).inserted { ids.append(id) }
    }
    self.ids = ids
    self.replacements = replacements
  }
  /// The targets for which token `id` is scored instead; nil if it is scored for itself.
  func target(for id: Int) -> String? {
    let targets = replacements.filter { $0.id == id }.map(\.target)
    return targets.isEmpty ? nil : targets.joined(separator: ", ")
  }
}
