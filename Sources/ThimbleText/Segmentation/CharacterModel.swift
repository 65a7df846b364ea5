internal import ThimbleSystem

/// A hidden Markov model of where characters stand in words: at the beginning, at the end, in the
/// middle, or alone. In this order, which is that of their letters: B, E, M, S.
struct CharacterModel {
  /// Start probabilities, transitions, then five words for each scalar: itself, and what it emits.
  /// All as logarithms.
  private let words: WordView<UInt64>

  static let states = 4
  private static let headCount = states + states * states
  private static let recordCount = 1 + states
  /// What jieba takes for the logarithm of nothing.
  static let impossible = -3.14e100

  init(_ bytes: ByteView) { words = WordView(bytes) }

  var isEmpty: Bool { words.count < Self.headCount }

  func start(_ state: Int) -> Double { Double(bitPattern: words[state]) }

  func transition(_ from: Int, _ to: Int) -> Double {
    Double(bitPattern: words[Self.states * (1 + from) + to])
  }

  /// The index by which `emission` knows a scalar; nil if the model does not.
  func index(of scalar: UInt32) -> Int? {
    var low = 0
    var high = (words.count - Self.headCount) / Self.recordCount
    while low < high {
      let middle = (low + high) / 2
      let index = Self.headCount + middle * Self.recordCount
      if words[index] == UInt64(scalar) { return index }
      if words[index] < UInt64(scalar) { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  func emission(_ index: Int?, _ state: Int) -> Double {
    index.map { Double(bitPattern: words[$0 + 1 + state]) } ?? Self.impossible
  }

  /// The bytes of a model; what is not given is impossible.
  static func build(
    start: [Double], transitions: [Double], emissions: [UInt32: [Double]]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in start + transitions { bytes.append(littleEndian: value.bitPattern) }
    for (scalar, values) in emissions.sorted(by: { $0.key < $1.key }) {
      bytes.append(littleEndian: UInt64(scalar))
      for value in values { bytes.append(littleEndian: value.bitPattern) }
    }
    return bytes
  }
}
