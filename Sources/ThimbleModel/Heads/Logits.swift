internal import ThimbleSystem

/// The scores of every token of the vocabulary at one position. Valid until the next round or pass.
public struct Logits {
  let values: AlignedArray<Float>
  let offset: Int
  /// Tokens of the vocabulary.
  public let count: Int
  let maximum: Float
  /// Sum of exp(logit - maximum) over the vocabulary.
  let sum: Float

  /// The logit of token `id`.
  public subscript(id: Int) -> Float {
    precondition(id >= 0 && id < count, "token \(id) of \(count)")
    return values[offset + id]
  }

  /// Lends all logits, in the order of ids.
  public func withSpan<Result>(_ body: (Span<Float>) -> Result) -> Result {
    values.withSpan(offset..<offset + count, body)
  }

  /// The probability of token `id` among all tokens.
  public func probability(_ id: Int) -> Double {
    exponential(Double(self[id]) - Double(maximum)) / Double(sum)
  }

  /// The natural logarithm of the sum of all tokens' exponentials: log p(id) = self[id] - logSumExp.
  public var logSumExp: Double { Double(maximum) + logarithm(Double(sum)) }

  /// The ids of the `count` largest logits, largest first; equal ones by id.
  public func top(_ count: Int) -> [Int] {
    var best: [Int] = []
    let wanted = Swift.min(count, self.count)
    guard wanted > 0 else { return [] }
    best.reserveCapacity(wanted + 1)
    values.withSpan(offset..<offset + self.count) { span in
      var bar = -Float.infinity  // what one more must exceed
      for id in span.indices where span[id] > bar || best.count < wanted {
        // A handful of candidates: a sorted array beats a heap.
        var place = best.count
        while place > 0 && span[best[place - 1]] < span[id] { place -= 1 }
        best.insert(id, at: place)
        if best.count > wanted { best.removeLast() }
        if best.count == wanted { bar = span[best[wanted - 1]] }
      }
    }
    return best
  }
}
