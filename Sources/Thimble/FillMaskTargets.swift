public import ThimbleText

/// The tokens that a mask may be filled with.
public struct FillMaskTargets: Sendable {
  /// nil: all of the vocabulary.
  let ids: [Int]?

  /// The tokens that `targets` mean: as the vocabulary spells them (`the</w>` is the word, `the` the piece), else the
  /// first token of the text.
  ///
  /// - Parameter targets: none: all of the vocabulary.
  /// - Throws: `ThimbleError.target` for a text without tokens, `.noTokenizer`, `.text`.
  public init(
    _ targets: [String], of text: ModelText, with tokenizer: inout Tokenizer?
  ) throws(ThimbleError) {
    guard !targets.isEmpty else {
      ids = nil
      return
    }
    guard let tables = text.tables else { throw .noTokenizer(path: text.path) }
    var (ids, known): ([Int], Set<Int>) = ([], [])
    for target in targets {
      var id = tables.id(of: target)
      if id == nil {
        do throws(TextError) {
          id = try tokenizer?.encode(target, EncodingOptions(mode: .huggingFace, ends: .none))
            .first?.id
        } catch { throw .text(error) }
      }
      guard let id else { throw .target(target) }
      if known.insert(id).inserted { ids.append(id) }
    }
    self.ids = ids
  }
}
