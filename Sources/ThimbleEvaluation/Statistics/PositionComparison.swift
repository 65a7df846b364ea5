internal import ThimbleModel
internal import ThimbleSystem

/// Two distributions over the vocabulary at one masked position. `BitwiseCopyable`, so that threads can fill an array.
struct PositionComparison: BitwiseCopyable {
  /// -log p(the token that was there), in nats.
  let referenceLoss: Double
  let loss: Double
  /// Kullback-Leibler divergence of the candidate from the reference, in nats.
  let divergence: Double
  /// Whether both find the same token likeliest.
  let agreesInFirst: Bool
  /// How many of the reference's five likeliest tokens are among the candidate's.
  let sharedInFive: Int

  /// How much probability the token that was there has gained.
  var probabilityDifference: Double { exponential(-loss) - exponential(-referenceLoss) }
}

/// The distribution of the reference at one position, made ready to be compared with several others.
struct ReferenceDistribution {
  private let logits: Logits
  private let exponentials: AlignedArray<Double>
  private let sum: Double
  private let maximum: Float
  private let best: [Int]

  /// - Parameter scratch: room for the vocabulary, in use as long as this.
  init(_ logits: Logits, scratch: AlignedArray<Double>) {
    self.logits = logits
    exponentials = scratch
    best = logits.top(5)
    let maximum = logits[best[0]]
    self.maximum = maximum
    sum = logits.withSpan { logits in
      scratch.withMutableSpan(0..<logits.count) { exponentials in
        var sum = 0.0
        for id in logits.indices {
          let value = exponential(Double(logits[id]) - Double(maximum))
          exponentials[id] = value
          sum += value
        }
        return sum
      }
    }
  }

  /// - Parameter target: the token that was there.
  func comparison(with other: Logits, target: Int) -> PositionComparison {
    let otherBest = other.top(5)
    let otherMaximum = other[otherBest[0]]
    // All in double: a divergence of 1e-6 must not drown in what fp32 sums lose.
    let (otherSum, difference) = logits.withSpan { logits in
      other.withSpan { other in
        exponentials.withSpan(0..<logits.count) { exponentials in
          var (otherSum, difference) = (0.0, 0.0)
          for id in logits.indices {
            let (own, others) = (
              Double(logits[id]) - Double(maximum), Double(other[id]) - Double(otherMaximum)
            )
            otherSum += exponential(others)
            difference += exponentials[id] * (own - others)
          }
          return (otherSum, difference)
        }
      }
    }
    let (logSum, otherLogSum) = (logarithm(sum), logarithm(otherSum))
    return PositionComparison(
      referenceLoss: logSum - (Double(logits[target]) - Double(maximum)),
      loss: otherLogSum - (Double(other[target]) - Double(otherMaximum)),
      divergence: max(difference / sum - logSum + otherLogSum, 0),
      agreesInFirst: best[0] == otherBest[0], sharedInFive: best.count { otherBest.contains($0) })
  }
}
