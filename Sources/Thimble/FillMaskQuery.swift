internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleText

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

  /// Spellings of the mask beside `<special1>`, its name in the vocabulary.
  public static let maskSpellings = ["<mask>", "[MASK]"]

  /// The query of a text.
  ///
  /// - Parameter targets: those of `options`, if they were looked up before.
  public init(
    _ string: String, _ options: FillMaskOptions, targets: FillMaskTargets? = nil,
    with texts: TextEncoder
  ) throws(ThimbleError) {
    let text = texts.text
    var tokens: [Token] = []
    try texts.encode(
      string.utf8.span, options.text.encoding, truncates: options.truncates,
      keeping: text.configuration.specialIDs.mask, into: &tokens)
    let sequence = SequenceInput(
      ids: tokens.map(\.id), options.text, language: try text.languageID(options.language))
    try self.init(
      sequence, ranges: tokens.map(\.range), bytes: Array(string.utf8), options,
      targets: targets, with: texts)
  }

  /// The query of a sequence of token ids, ends included.
  ///
  /// - Parameter targets: those of `options`, if they were looked up before.
  public init(
    ids: [Int], _ options: FillMaskOptions, targets: FillMaskTargets? = nil,
    with texts: TextEncoder
  ) throws(ThimbleError) {
    let text = texts.text
    let sequence = try text.input(ids: ids, options.text)
    let mask = text.configuration.specialIDs.mask
    let lost = ids.count { $0 == mask } - sequence.ids.count { $0 == mask }
    guard lost == 0 else { throw .maskCut(count: lost, limit: text.longestText) }
    try self.init(
      sequence, ranges: [], bytes: nil, options, targets: targets, with: texts)
  }

  private init(
    _ sequence: SequenceInput, ranges: [Range<Int>], bytes: [UInt8]?, _ options: FillMaskOptions,
    targets: FillMaskTargets?, with texts: TextEncoder
  ) throws(ThimbleError) {
    let text = texts.text
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
      self.targets = try FillMaskTargets(options.targets, with: texts)
    }
  }

  /// What the head is to read for the masks with the numbers `masks`.
  public func scoring(masks: Range<Int>) -> MaskedLanguageModel.Query {
    MaskedLanguageModel.Query(
      positions: Array(positions[masks]), count: options.top, among: targets.ids)
  }

  /// What `choices` for the mask number `mask` look like in the text.
  public func fillings(_ choices: [TokenScore], mask: Int) -> [Filling] {
    choices.map { filling($0, mask: mask) }
  }

  /// What one choice for the mask number `mask` looks like in the text.
  public func filling(_ choice: TokenScore, mask: Int) -> Filling {
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
    (text.convention, text.language) = (convention, language)
    (text.truncates, text.truncationSide) = (truncates, truncationSide)
    return text
  }
}
