internal import ThimbleSystem

/// The probabilities that a softmax makes of `logits`.
func softmax(_ logits: some Collection<Float>) -> [Double] { softmax(logits.map(Double.init)) }

func softmax(_ logits: [Double]) -> [Double] {
  let largest = logits.max() ?? 0
  let exponentials = logits.map { exponential($0 - largest) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { $0 / sum }
}

/// The probability that a logit stands for.
func sigmoid(_ logit: Double) -> Double { 1 / (1 + exponential(-logit)) }
