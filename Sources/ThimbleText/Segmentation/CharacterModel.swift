internal import ThimbleSystem

/// A hidden Markov model of where characters stand in words: at the beginning, at the end, in the
/// middle, or alone. In this order, which is that of their letters: B, E, M, S.
struct CharacterModel {
  /// Start probabilities, transitions, then five words for each scalar: itself, and what it emits.
  /// All as logarithms.
  private let words: WordView<UInt64>

  static let stateNames: [Substring] = ["B", "E", "M", "S"]
  static let states = 4
  private static let headCount = states + states * states
  private static let recordCount = 1 + states
  /// What jieba takes for the logarithm of nothing.
  static let impossible = -3.14e100

  init(_ bytes: ByteView) { words = WordView(bytes) }

  var isEmpty: Bool { words.count < Self.headCount }

  /// Whether a section can have this size in bytes.
  static func canHave(byteCount: Int) -> Bool {
    byteCount == 0
      || byteCount >= headCount * 8 && (byteCount - headCount * 8) % (recordCount * 8) == 0
  }

  /// Whether `value` is the logarithm of a probability.
  static func isPossible(_ value: Double) -> Bool { value <= 0 && value >= impossible }

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

  /// Checks that the scalars are in order and all values logarithms of probabilities.
  func validate() throws(TextError) {
    var last: UInt64?
    for index in 0..<words.count {
      if index >= Self.headCount, (index - Self.headCount) % Self.recordCount == 0 {
        let scalar = words[index]
        guard last.map({ $0 < scalar }) ?? true, scalar <= 0x10FFFF else {
          throw .damagedTables(
            reason: "scalar \(scalar) of the model of characters is out of order")
        }
        last = scalar
      } else if !Self.isPossible(Double(bitPattern: words[index])) {
        throw .damagedTables(
          reason: "number \(index) of the model of characters is not the logarithm of a probability"
        )
      }
    }
  }

  /// The numbers of a model; what is not given is impossible.
  struct Values {
    var start = [Double](repeating: impossible, count: states)
    /// From state to state, row by row.
    var transitions = [Double](repeating: impossible, count: states * states)
    /// By scalar.
    var emissions: [UInt32: [Double]] = [:]

    static let noEmissions = [Double](repeating: impossible, count: states)

    /// The bytes of the model; none if it knows no scalar.
    func encoded() -> [UInt8] {
      var bytes: [UInt8] = []
      if emissions.isEmpty { return bytes }
      for value in start + transitions { bytes.append(littleEndian: value.bitPattern) }
      for (scalar, values) in emissions.sorted(by: { $0.key < $1.key }) {
        bytes.append(littleEndian: UInt64(scalar))
        for value in values { bytes.append(littleEndian: value.bitPattern) }
      }
      return bytes
    }
  }
}
