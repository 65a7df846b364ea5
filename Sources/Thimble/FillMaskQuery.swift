internal import ThimbleArchitecture
public import ThimbleModel
public import ThimbleText

/// A text whose masks are to be filled, made ready for a pass.
public struct FillMaskQuery: Sendable {
  public let sequence: SequenceInput
  /// Where the masks are among the tokens.
  public let positions: [Int]
  private let text: ModelText
  private let options: FillMaskOptions
  private let targets: FillMaskTargets
  /// The text and the bytes of it that each mask takes; nil if the query was made of ids.
  private let source: (bytes: [UInt8], masks: [Range<Int>])?

  /// A token that was chosen for a mask.
  public struct Choice: Sendable, Equatable {
    public let id: Int
    public let probability: Double
    public let logit: Float
  }

  /// Spellings of the mask beside `<special1>`, its name in the vocabulary.
  public static let maskSpellings = ["<mask>", "[MASK]"]

  /// The query of a text.
  ///
  /// - Parameter targets: those of `options`, if they were looked up before.
  public init(
    _ string: String, _ options: FillMaskOptions, targets: FillMaskTargets? = nil,
    of text: ModelText, with tokenizer: inout Tokenizer?
  ) throws(ThimbleError) {
    var tokens: [Token] = []
    try text.encode(
      string.utf8.span, options.convention.encoding(language: options.language),
      truncates: options.truncates, keeping: text.configuration.specialIDs.mask,
      with: &tokenizer, into: &tokens)
    let sequence = SequenceInput(
      ids: tokens.map(\.id), options.text, language: try text.languageID(options.language))
    try self.init(
      sequence, ranges: tokens.map(\.range), bytes: Array(string.utf8), options,
      targets: targets, of: text, with: &tokenizer)
  }

  /// The query of a sequence of token ids, ends included.
  ///
  /// - Parameter targets: those of `options`, if they were looked up before.
  public init(
    ids: [Int], _ options: FillMaskOptions, targets: FillMaskTargets? = nil, of text: ModelText,
    with tokenizer: inout Tokenizer?
  ) throws(ThimbleError) {
    let sequence = try text.input(ids: ids, options.text)
    let mask = text.configuration.specialIDs.mask
    let lost = ids.count { $0 == mask } - sequence.ids.count { $0 == mask }
    guard lost == 0 else { throw .maskCut(count: lost, limit: text.longestText) }
    try self.init(
      sequence, ranges: [], bytes: nil, options, targets: targets, of: text, with: &tokenizer)
  }

  private init(
    _ sequence: SequenceInput, ranges: [Range<Int>], bytes: [UInt8]?, _ options: FillMaskOptions,
    targets: FillMaskTargets?, of text: ModelText, with tokenizer: inout Tokenizer?
  ) throws(ThimbleError) {
    self.text = text
    self.options = options
    self.sequence = sequence
    let positions = sequence.ids.indices.filter {
      sequence.ids[$0] == text.configuration.specialIDs.mask
    }
    self.positions = positions
    guard !positions.isEmpty else { throw .noMask }
    source = bytes.map { ($0, positions.map { ranges[$0] }) }
    if let targets {
      self.targets = targets
    } else {
      self.targets = try FillMaskTargets(options.targets, of: text, with: &tokenizer)
    }
  }

  /// How many choices there are for each mask.
  public var choiceCount: Int { min(options.top, targets.ids?.count ?? .max) }

  /// The likeliest tokens under `logits`, best first.
  public func choices(_ logits: Logits) -> [Choice] {
    let best =
      targets.ids.map { ids in
        Array(ids.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(options.top))
      } ?? logits.top(options.top)
    return best.map { Choice(id: $0, probability: logits.probability($0), logit: logits[$0]) }
  }

  /// What `choices` for the mask number `mask` look like in the text.
  public func fillings(_ choices: [Choice], mask: Int) -> [Filling] {
    choices.map { filling($0, mask: mask) }
  }

  /// What one choice for the mask number `mask` looks like in the text.
  public func filling(_ choice: Choice, mask: Int) -> Filling {
    Filling(
      id: choice.id, text: text.text(of: choice.id), probability: choice.probability,
      logit: choice.logit, sequence: filled(mask, with: choice.id),
      target: targets.target(for: choice.id))
  }

  /// The text with token `id` in place of a mask.
  private func filled(_ mask: Int, with id: Int) -> String {
    guard let source, options.convention == .training else { return decoded(mask, with: id) }
    let (bytes, range) = (source.bytes, source.masks[mask])
    return String(
      decoding: bytes[..<range.lowerBound] + text.text(of: id).utf8 + bytes[range.upperBound...],
      as: UTF8.self)
  }

  /// The sequence as Hugging Face's pipeline decodes it: special tokens are left out if there is one mask only.
  private func decoded(_ mask: Int, with id: Int) -> String {
    guard let tables = text.tables else { return "" }
    var filled = sequence.ids.map { Int($0) }
    filled[positions[mask]] = id
    return tables.decode(
      filled.filter { $0 != text.configuration.specialIDs.padding },
      skipSpecial: positions.count == 1)
  }
}

extension FillMaskOptions {
  /// How a list of ids, or the tokens of a text, are put into the model.
  fileprivate var text: TextOptions {
    var text = TextOptions()
    (text.convention, text.language, text.truncates) = (convention, language, truncates)
    return text
  }
}
