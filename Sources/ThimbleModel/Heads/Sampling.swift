internal import ThimbleSystem

/// How a token is drawn at random: the filters of the field, in their usual order.
public struct Sampling: Sendable, Equatable {
  /// What logits are divided by: above 1 makes rare tokens likelier, below 1 rarer. Above 0 and finite.
  public var temperature = 1.0
  /// Only so many of the likeliest tokens are considered; nil: all.
  public var topK: Int?
  /// Only the likeliest tokens whose shares add up to this are considered (Holtzman et al., 2020); above 0, at most 1.
  public var topP = 1.0

  public init() {}
}

extension Logits {
  /// The ids `candidates`, likeliest first; equal ones by id.
  func ranked(_ candidates: [Int]) -> [Int] {
    candidates.sorted { (-self[$0], $0) < (-self[$1], $1) }
  }

  /// A token that is drawn.
  ///
  /// The same on every machine: shares are added in double precision, in the order of ids.
  ///
  /// - Parameter point: uniform in 0..<1. Tokens divide this range among them by their shares.
  func drawn(_ sampling: Sampling, at point: Double) -> Int {
    let shares = Shares(logits: self, temperature: sampling.temperature)
    guard sampling.topK != nil || sampling.topP < 1 else { return shares.choice(0..<count, point) }
    return shares.choice(shares.kept(sampling).sorted(), point)
  }
}

/// What tokens weigh at a temperature: the likeliest 1.
private struct Shares {
  let logits: Logits
  let temperature: Double

  subscript(id: Int) -> Double {
    exactExponential((Double(logits[id]) - Double(logits.maximum)) / temperature)
  }

  /// The token of `ids`, in increasing order, in whose part of the range `point` lies.
  func choice(_ ids: some Collection<Int>, _ point: Double) -> Int {
    let target = point * ids.reduce(0) { $0 + self[$1] }
    var (sum, last) = (0.0, 0)
    for id in ids {
      let share = self[id]
      guard share > 0 else { continue }
      (sum, last) = (sum + share, id)
      if sum > target { break }
    }
    return last
  }

  /// The tokens that are considered, likeliest first.
  func kept(_ sampling: Sampling) -> [Int] {
    if let count = sampling.topK {
      let best = logits.top(count)
      return nucleus(best, sampling.topP * best.reduce(0) { $0 + self[$1] })
    }
    let wanted = sampling.topP * (0..<logits.count).reduce(0) { $0 + self[$1] }
    // Most of a vocabulary is never reached: only what may be is sorted.
    for distance in [4.0, 8, 16] {
      let near = (0..<logits.count).filter {
        Double(logits.maximum) - Double(logits[$0]) <= distance * temperature
      }
      if near.reduce(0, { $0 + self[$1] }) >= wanted { return nucleus(logits.ranked(near), wanted) }
    }
    return nucleus(logits.ranked(Array(0..<logits.count)), wanted)
  }

  /// The first of `ids` that together weigh `wanted`.
  private func nucleus(_ ids: [Int], _ wanted: Double) -> [Int] {
    var sum = 0.0
    let end = ids.firstIndex { id in
      sum += self[id]
      return sum >= wanted
    }
    return Array(ids[...(end ?? ids.count - 1)])
  }
}
