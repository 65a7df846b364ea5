internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleEvaluation
internal import ThimbleSystem

/// Where a calibration gets its sequences from.
protocol SequenceSource {
  /// The next sequence, and the language whose embedding goes with it.
  mutating func next() throws(EvaluationError) -> (sequence: MaskedSequence, language: Int32?)?
}

extension SentenceSource: SequenceSource {}

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
