/// The size of file that a request comes to.
struct SizeGoal {
  /// What to aim at.
  let aim: Double
  /// What fulfils the request.
  let accepted: ClosedRange<Double>
  /// The size that was asked for.
  let asked: Double
  private let plan: ChunkPlan
  /// Whether it is the most that the file may have.
  let isLimit: Bool

  /// - Returns: nil if `rate` is a quality, which has no size.
  init?(_ rate: Rate, plan: ChunkPlan, isExact: Bool) {
    self.plan = plan
    switch rate {
    case .bits(let bits):
      precondition(bits > 0, "\(bits) bits per weight")
      func size(_ bits: Double) -> Double {
        bits / 8 * Double(plan.source.parameterCount) + Double(plan.sectionSize)
      }
      (asked, aim) = (size(bits), size(bits))
      accepted = size(bits * 0.99)...size(bits * 1.01)
      isLimit = false
    case .size(let limit):
      // An estimate from a sample may be a little low, and the limit is one.
      asked = Double(limit)
      aim = asked * (isExact ? 0.999 : 0.997)
      accepted = asked * 0.99...asked
      isLimit = true
    case .quality: return nil
    }
  }

  /// Whether `size` fulfils the request.
  func accepts(_ size: Double, isFinest: Bool) -> Bool {
    accepted.contains(size) || isFinest && size <= asked
  }

  /// A size in the terms of the request: "6.10 bits per weight" or "430.2 MB".
  func words(_ fileSize: Double) -> String {
    isLimit
      ? "\(rounded(fileSize / 1e6)) MB"
      : "\(rounded(plan.bitsPerWeight(fileSize: fileSize))) bits per weight"
  }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

extension ChunkPlan {
  /// Bytes of configuration and tokenizer, which do not count as weights.
  var sectionSize: Int { source.configuration.count + source.tokenizer.count }

  func bitsPerWeight(fileSize: Double) -> Double {
    8 * (fileSize - Double(sectionSize)) / Double(source.parameterCount)
  }
}
