public import ThimbleArchitecture
internal import ThimbleRounding
public import ThimbleSystem

/// What a file is made from: everything that the converter needs to know about a checkpoint.
public struct ConversionSource: Sendable {
  /// JSON text, as Formats/thimble.md has it.
  public let configuration: [UInt8]
  /// The tokenizer's tables; empty for none.
  public let tokenizer: [UInt8]
  /// In the order of the file.
  public let tensors: [SourceTensor]

  public init(configuration: [UInt8], tokenizer: [UInt8], tensors: [SourceTensor]) {
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.tensors = tensors
  }

  /// The weights of the checkpoint.
  var parameterCount: Int { tensors.map(\.parameterCount).reduce(0, +) }

  /// The same with the column factors of `calibration` behind the tensors.
  func adding(_ calibration: RoundingGuide) throws(SystemError) -> ConversionSource {
    var tensors = tensors
    for factors in calibration.columnFactors {
      let columns = factors.values.count
      let bytes = try AlignedArray<UInt8>(count: 4 * columns)
      for index in 0..<bytes.count {
        bytes[index] = UInt8(
          truncatingIfNeeded: factors.values[index / 4].bitPattern >> (index % 4 * 8))
      }
      tensors.append(SourceTensor(factors.tensor, elementType: .float32, bytes: ByteView(bytes)))
    }
    return ConversionSource(configuration: configuration, tokenizer: tokenizer, tensors: tensors)
  }
}

/// The weights of one tensor, where they lie.
public struct SourceTensor: Sendable {
  public let tensor: ModelTensor
  public let elementType: WeightElement
  /// Row-major, without gaps, little-endian.
  public let bytes: ByteView

  /// - Precondition: `tensor` has one or two dimensions, and `bytes` holds exactly its weights.
  public init(_ tensor: ModelTensor, elementType: WeightElement, bytes: ByteView) {
    precondition((1...2).contains(tensor.shape.count), "\(tensor.name) has \(tensor.shape)")
    precondition(
      bytes.count == tensor.elementCount * elementType.byteCount,
      "\(tensor.name) \(tensor.shape) comes in \(bytes.count) bytes")
    self.tensor = tensor
    self.elementType = elementType
    self.bytes = bytes
  }

  var name: String { tensor.name }
  /// 1 for a vector.
  var rows: Int { tensor.shape.count == 1 ? 1 : tensor.shape[0] }
  var columns: Int { tensor.shape[tensor.shape.count - 1] }
  var weightCount: Int { rows * columns }
  /// Column factors are no weights of the checkpoint.
  var parameterCount: Int { tensor.role == .columnFactors ? 0 : weightCount }

  /// The bytes of rows `rows`.
  func bytes(ofRows rows: Range<Int>) -> ByteView {
    let rowSize = columns * elementType.byteCount
    return bytes[rows.lowerBound * rowSize..<rows.upperBound * rowSize]
  }
}
