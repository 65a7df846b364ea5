internal import Thimble
internal import ThimbleSystem

/// Which positions of a sentence are masked.
public enum Masking: Sendable, Equatable {
  /// This share of the tokens, all at once, but at least one.
  case fraction(Double)
  /// Every token in a copy of the sentence of its own: pseudo-log-likelihood (Salazar et al., 2020).
  case allPositions
}

/// A sentence as token ids, ends included.
struct Sentence {
  var ids: [Int32]
  /// Positions of tokens that stand for text.
  var maskable: [Int]
  /// Of the text, so that masks depend on nothing else.
  var hash: UInt64
}

/// A sentence with masks, and what stood there.
package struct MaskedSequence {
  package var ids: [Int32]
  package var targets: [(position: Int, id: Int)]

  package init(ids: [Int32], targets: [(position: Int, id: Int)]) {
    self.ids = ids
    self.targets = targets
  }
}

extension Sentence {
  /// - Parameters:
  ///   - seed: fixes the choice together with the text (Formats/report.md, "Masks").
  ///   - mask: the id of the mask.
  func masked(_ masking: Masking, seed: UInt64, mask: Int32) -> [MaskedSequence] {
    switch masking {
    case .allPositions: maskable.map { masked([$0], mask) }
    case .fraction(let fraction): maskable.isEmpty ? [] : [masked(draw(fraction, seed), mask)]
    }
  }

  private func masked(_ positions: [Int], _ mask: Int32) -> MaskedSequence {
    var sequence = MaskedSequence(ids: ids, targets: [])
    for position in positions {
      sequence.targets.append((position, Int(ids[position])))
      sequence.ids[position] = mask
    }
    return sequence
  }

  /// Positions drawn without replacement.
  private func draw(_ fraction: Double, _ seed: UInt64) -> [Int] {
    var random = SplitMix64(state: seed ^ hash)
    var rest = maskable
    let count = min(max(Int((fraction * Double(rest.count)).rounded()), 1), rest.count)
    for index in 0..<count {
      rest.swapAt(index, index + random.next(below: rest.count - index))
    }
    return rest[..<count].sorted()
  }
}
