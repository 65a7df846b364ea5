public import ThimbleArchitecture
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

  var parameterCount: Int { tensors.map(\.weightCount).reduce(0, +) }
}

/// The weights of one tensor, where they lie.
public struct SourceTensor: Sendable {
  public let tensor: XLMTensor
  public let elementType: WeightElement
  /// Row-major, without gaps, little-endian.
  public let bytes: ByteView

  /// - Precondition: `tensor` has one or two dimensions, and `bytes` holds exactly its weights.
  public init(_ tensor: XLMTensor, elementType: WeightElement, bytes: ByteView) {
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

  /// The bytes of rows `rows`.
  func bytes(ofRows rows: Range<Int>) -> ByteView {
    let rowSize = columns * elementType.byteCount
    return bytes[rows.lowerBound * rowSize..<rows.upperBound * rowSize]
  }
}
