public import ThimbleConvert
public import ThimbleRounding

/// What a model is calibrated with.
public enum CalibrationMaterial: Sendable {
  /// Sentences like those that the model will read, one a line: files, and folders of LANG.txt.
  ///
  /// - Parameter holdsIDs: whether the lines are JSON lists of token ids, ends included.
  case text(paths: [String], holdsIDs: Bool = false)
  /// Random tokens, frequent ones more often: what there is without any text.
  case randomTokens

  var isText: Bool { if case .text = self { true } else { false } }
  var holdsIDs: Bool { if case .text(_, true) = self { true } else { false } }
}

/// What a conversion takes from a calibration.
public struct Calibration: Sendable {
  /// How fine the weights shall be: as asked for, or the bits per weight that a search found.
  public let rate: Rate
  public let guide: RoundingGuide
}

/// A part of a calibration.
public enum CalibrationStage: Sendable, CaseIterable {
  /// Opening the text.
  case reading
  /// Learning from the inputs of all linear layers.
  case calibrating
  /// Finding out what the rounding of each matrix costs.
  case measuring
  /// Trying files of different sizes.
  case searching

  /// What people call it.
  public var name: String {
    switch self {
    case .reading: "Reading text"
    case .calibrating: "Calibrating"
    case .measuring: "Measuring matrices"
    case .searching: "Searching the size"
    }
  }

  /// About how long it takes most models; converting the checkpoint once is `shareOfConverting`.
  public var usualShare: Double {
    switch self {
    case .reading: 0.5
    case .calibrating: 40
    case .measuring: 40
    case .searching: 150
    }
  }

  public static let shareOfConverting = 10.0
}

/// News from a calibration at work.
public enum CalibrationEvent: Sendable {
  /// A stage begins.
  case stage(CalibrationStage)
  /// The share of the stage that is done: never less than before, at most 1.
  case progress(Double)
  /// What a user should know about the text.
  case warning(String)
  /// A file of some size was tried.
  case trial(CalibrationTrial)
}

/// How close a file of some size is to its checkpoint.
public struct CalibrationTrial: Sendable, Equatable {
  public let bitsPerWeight: Double
  /// The mean KL divergence of its predictions, in nats.
  public let divergence: Double
}

/// Why a calibration came to no result.
public enum CalibrationError: Error, Equatable, CustomStringConvertible {
  /// No file has a mean KL divergence of at most `limit` nats: the finest, with `bitsPerWeight`, has `found`.
  case unreachable(limit: Double, bitsPerWeight: Double, found: Double)

  public var description: String {
    switch self {
    case .unreachable(let limit, let bits, let found):
      "A mean KL divergence of at most \(limit) cannot be reached: with \(bits) bits per weight it is \(found)."
    }
  }
}
