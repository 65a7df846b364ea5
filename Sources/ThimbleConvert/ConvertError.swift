public import ThimbleArchitecture
public import ThimbleFormat
public import ThimbleSystem
public import ThimbleText

/// Why a checkpoint was not converted. Nothing has been written where the file was to be.
public enum ConvertError: Error, Equatable, CustomStringConvertible {
  /// The weight is NaN, infinite, or beyond what scale codes reach.
  case unusableWeight(tensor: String, row: Int, column: Int, value: Float)
  /// A row of a matrix is longer than a chunk can hold.
  case tooWide(tensor: String, columns: Int, limit: Int)
  /// No step gives `asked`; what can be had lies from `lowest` to `highest`.
  case unreachable(asked: String, lowest: String, highest: String)
  /// The file came out too far from what was asked, again and again.
  case missed(asked: String, found: String)
  /// The parts of the checkpoint at `path` do not fit each other.
  case disagreements(path: String, [Disagreement])
  case tokenizer(TextError)
  case format(FormatError)
  case system(SystemError)

  public var description: String {
    switch self {
    case .unusableWeight(let tensor, let row, let column, let value):
      "Tensor \"\(tensor)\", row \(row), column \(column): the weight is \(value). "
        + (value.isFinite
          ? "Weights of this size cannot be quantised."
          : "A model with such a weight cannot compute anything: repair the checkpoint.")
    case .tooWide(let tensor, let columns, let limit):
      "Tensor \"\(tensor)\" has \(columns) columns; the file format holds at most \(limit)."
    case .unreachable(let asked, let lowest, let highest):
      "\(asked) cannot be reached: this model can have from \(lowest) to \(highest)."
    case .missed(let asked, let found):
      "\(asked) was missed: the file would have \(found). Ask for a little less."
    case .disagreements(let path, let found): Disagreement.text(found, path: path)
    case .tokenizer(let error): error.description
    case .format(let error): error.description
    case .system(let error): error.description
    }
  }
}
