internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleText

/// How masks are filled.
public struct FillMaskOptions: Sendable {
  /// Fillings for each mask, best first.
  public var top = 5
  /// Only these tokens are considered; empty: all of the vocabulary. Probabilities are still those among all.
  public var targets: [String] = []
  /// Whose way of putting a text into the model is followed.
  public var convention = Convention.training
  /// The language of the text: in training, of the rules for its words; for models that have them, of the
  /// language embedding.
  public var language: String?
  /// Whether a text that is too long is cut.
  public var truncates = false

  public init() {}
}

/// How a text is put into the model.
public enum Convention: String, Sendable, CaseIterable {
  /// As the model was trained: `</s> … </s>`, no token types.
  case training
  /// As Hugging Face's pipeline does: `<s> … </s>`, and the word embedding of id 0 added everywhere as token type.
  case huggingFace = "hf"
}

/// One way to fill a mask.
public struct Filling: Sendable, Equatable {
  /// The token's id.
  public let id: Int
  /// The token as text: "porte".
  public let text: String
  /// The probability of the token among all of the vocabulary.
  public let probability: Double
  public let logit: Float
  /// The whole text with this token in place of the mask.
  public let sequence: String
}

extension LanguageModel {
  /// Spellings of the mask beside `<special1>`, its name in the vocabulary.
  static let maskSpellings = ["<mask>", "[MASK]"]

  /// Fills every mask in `text`: `<mask>`, `[MASK]` or `<special1>`.
  ///
  /// - Returns: for each mask, in order, the likeliest tokens, best first. Each mask is filled by itself, while the
  ///   others stay masks.
  /// - Throws: `ThimbleError`.
  public func fillMask(
    _ text: String, _ options: FillMaskOptions = FillMaskOptions()
  ) throws(ThimbleError) -> [[Filling]] {
    try encode(text, options)
    let ids = tokens.map(\.id)
    let targets = try targetIDs(options.targets)
    let bytes = Array(text.utf8)
    return try fill(ids, options, targets: targets) { position, id in
      switch options.convention {
      case .training: self.replacing(self.tokens[position].range, of: bytes, by: id)
      case .huggingFace: self.huggingFaceSequence(ids, position: position, id: id)
      }
    }
  }

  /// Fills every mask in a sequence of token ids, ends included.
  public func fillMask(
    ids: [Int], _ options: FillMaskOptions = FillMaskOptions()
  ) throws(ThimbleError) -> [[Filling]] {
    guard ids.count <= longestText else { throw .tooLong(tokens: ids.count, limit: longestText) }
    for id in ids where id < 0 || id >= configuration.vocabularySize {
      throw .tokenID(id, vocabularySize: configuration.vocabularySize)
    }
    let targets = try targetIDs(options.targets)
    return try fill(ids, options, targets: targets) { position, id in
      self.huggingFaceSequence(ids, position: position, id: id)
    }
  }

  private func encode(_ text: String, _ options: FillMaskOptions) throws(ThimbleError) {
    guard tokenizer != nil else { throw .noTokenizer(path: path) }
    let isTraining = options.convention == .training
    let encoding = EncodingOptions(
      mode: isTraining ? .faithful : .huggingFace, language: isTraining ? options.language : nil,
      maskSpellings: Self.maskSpellings)
    do {
      try tokenizer?.encode(text.utf8.span, encoding, into: &tokens)
      if tokens.count > longestText {
        guard options.truncates else {
          throw ThimbleError.tooLong(tokens: tokens.count, limit: longestText)
        }
        var cut = encoding
        cut.maximumLength = longestText
        try tokenizer?.encode(text.utf8.span, cut, into: &tokens)
      }
    } catch let error as ThimbleError { throw error } catch let error as TextError {
      throw .text(error)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  private func fill(
    _ ids: [Int], _ options: FillMaskOptions, targets: [Int],
    sequence: (_ position: Int, _ id: Int) -> String
  ) throws(ThimbleError) -> [[Filling]] {
    let mask = configuration.specialIDs.mask
    let positions = ids.indices.filter { ids[$0] == mask }
    guard !positions.isEmpty else { throw .noMask }
    let language = try options.language.map { name throws(ThimbleError) in try languageID(name) }
    var fillings: [[Filling]] = []
    do throws(ModelError) {
      batch.removeAll()
      try batch.append(
        ids.map { Int32($0) }, language: language ?? nil,
        types: options.convention == .huggingFace
          ? [Int32](repeating: 0, count: ids.count) : nil)
      try masked.score(batch, at: positions) { index, logits in
        let best =
          targets.isEmpty
          ? logits.top(options.top)
          : Array(targets.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(options.top))
        fillings.append(
          best.map { id in
            Filling(
              id: id, text: self.text(of: id), probability: logits.probability(id),
              logit: logits[id], sequence: sequence(positions[index], id))
          })
      }
    } catch { throw .model(error) }
    return fillings
  }

  /// The id of the language `name`, if the model has an embedding for it; nil if languages do not matter to it.
  private func languageID(_ name: String) throws(ThimbleError) -> Int32? {
    guard configuration.hasLanguageEmbeddings else { return nil }
    guard let id = configuration.languageID(name) else {
      throw .language(name, known: configuration.languages.map(\.name))
    }
    return Int32(id)
  }

  /// The ids that `targets` mean: tokens as the vocabulary spells them (`the</w>` is the word, `the` the piece), else the
  /// first token of the text.
  private func targetIDs(_ targets: [String]) throws(ThimbleError) -> [Int] {
    guard !targets.isEmpty else { return [] }
    guard let tables else { throw .noTokenizer(path: path) }
    var ids: [Int] = []
    for target in targets {
      var id = tables.id(of: target)
      if id == nil {
        do {
          id = try tokenizer?.encode(target, EncodingOptions(ends: .none)).first?.id
        } catch { throw .text(error) }
      }
      guard let id else { throw .target(target) }
      if !ids.contains(id) { ids.append(id) }
    }
    return ids
  }

  private func text(of id: Int) -> String { tables?.decode([id], skipSpecial: false) ?? "\(id)" }

  /// The text with token `id` in place of the bytes `range`.
  private func replacing(_ range: Range<Int>, of bytes: [UInt8], by id: Int) -> String {
    String(
      decoding: bytes[..<range.lowerBound] + text(of: id).utf8 + bytes[range.upperBound...],
      as: UTF8.self)
  }

  /// The sequence as Hugging Face's pipeline decodes it: special tokens are left out if there is one mask only.
  private func huggingFaceSequence(_ ids: [Int], position: Int, id: Int) -> String {
    guard let tables else { return "" }
    var filled = ids
    let maskCount = ids.count { $0 == configuration.specialIDs.mask }
    filled[position] = id
    return tables.decode(
      filled.filter { $0 != configuration.specialIDs.padding }, skipSpecial: maskCount == 1)
  }
}
