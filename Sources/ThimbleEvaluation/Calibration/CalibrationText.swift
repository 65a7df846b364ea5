internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleSystem
public import ThimbleText

/// What a model is calibrated with.
public enum CalibrationText: Sendable {
  /// Sentences like those that the model is for, and the tables that turn them into tokens.
  case sentences(EvaluationText, TokenizerTables)
  /// Such sentences as JSON lists of token ids, ends included.
  case ids(EvaluationText)
  /// Random tokens, frequent ones more often: what there is without any text.
  case randomTokens

  /// The sentences, if there are any.
  var sentences: EvaluationText? {
    switch self {
    case .sentences(let text, _), .ids(let text): text
    case .randomTokens: nil
    }
  }

  /// What sentences that are text need.
  var tables: TokenizerTables? {
    if case .sentences(_, let tables) = self { tables } else { nil }
  }

  /// What a user should know before a model is calibrated with this.
  public var warnings: [String] {
    if case .sentences(let text, let tables) = self { text.warnings(for: tables) } else { [] }
  }

  /// Sequences of a model's tokens.
  ///
  /// - Parameter masks: whether some tokens of sentences are masked.
  func source(
    _ configuration: ModelConfiguration, masks: Bool
  ) throws(EvaluationError) -> any SequenceSource {
    guard let sentences else { return RandomSource(configuration) }
    return try SentenceSource(sentences, tables, configuration: configuration, masks: masks)
  }
}

/// Where a calibration gets its sequences from.
protocol SequenceSource {
  /// The next sequence, and the language whose embedding goes with it.
  mutating func next() throws(EvaluationError) -> (sequence: MaskedSequence, language: Int32?)?
}

/// The sentences of some files, as text or (without tables) as ids, one of each language after the other.
struct SentenceSource: SequenceSource {
  private let reader: SentenceReader
  private let configuration: ModelConfiguration
  private let masks: Bool
  private let languages: [EvaluationText.Language]
  private let ids: [Int32?]
  private var lines: [Lines]
  private var turn = 0

  /// - Parameter masks: whether some tokens are masked.
  init(
    _ text: EvaluationText, _ tables: TokenizerTables?, configuration: ModelConfiguration,
    masks: Bool
  ) throws(EvaluationError) {
    let model = ModelText(
      path: "the model", configuration: configuration, tables: tables,
      longestText: configuration.maxPositions)
    reader = SentenceReader(model, input: tables == nil ? .ids : .text)
    self.configuration = configuration
    self.masks = masks
    languages = text.languages
    lines = languages.map(\.lines)
    let ids = try languages.map { language throws(EvaluationError) in
      try model.embeddingID(of: language)
    }
    self.ids = ids
  }

  mutating func next() throws(EvaluationError) -> (sequence: MaskedSequence, language: Int32?)? {
    var ended = 0
    while ended < lines.count {
      let index = turn % lines.count
      turn += 1
      guard let line = lines[index].next() else {
        ended += 1
        continue
      }
      ended = 0
      let sentence = try reader.sentence(
        line, of: languages[index], number: lines[index].number)
      let masked = sentence.masked(
        .fraction(0.15), seed: 2, mask: Int32(configuration.specialIDs.mask))
      guard var sequence = masked.first else { continue }
      if !masks {
        for target in sequence.targets { sequence.ids[target.position] = Int32(target.id) }
      }
      return (sequence, ids[index])
    }
    return nil
  }
}

/// Sequences of tokens that have nothing to do with each other, drawn by Zipf's law.
struct RandomSource: SequenceSource {
  private let configuration: ModelConfiguration
  private let specials: Set<Int>
  private var random = SplitMix64(state: 1)
  private var count = 0

  // As long as sentences are.
  private static let length = 20
  // The most frequent tokens are less frequent than the plain law has it (Mandelbrot).
  private static let shift = 30.0

  init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    let special = configuration.specialIDs
    specials = [special.beginning, special.end, special.padding, special.unknown, special.mask]
  }

  mutating func next() -> (sequence: MaskedSequence, language: Int32?)? {
    let special = configuration.specialIDs
    var sequence = MaskedSequence(ids: [Int32(special.end)], targets: [])
    for position in 1...min(Self.length, configuration.maxPositions - 2) {
      let id = token()
      let isMasked = random.next(below: 100) < 15
      if isMasked { sequence.targets.append((position, id)) }
      sequence.ids.append(Int32(isMasked ? special.mask : id))
    }
    sequence.ids.append(Int32(special.end))
    count += 1
    let language = configuration.hasLanguageEmbeddings ? count % configuration.languageCount : nil
    return (sequence, language.map { Int32($0) })
  }

  /// A token whose probability is proportional to 1 / (id + shift).
  private mutating func token() -> Int {
    while true {
      let share = Double(random.next() >> 11) * 0x1p-53
      let size = Double(configuration.vocabularySize)
      let rank = Self.shift * (exponential(share * logarithm(1 + size / Self.shift)) - 1)
      let id = min(Int(rank), configuration.vocabularySize - 1)
      if !specials.contains(id) { return id }
    }
  }
}
