public import ThimbleSystem

/// A tensor of a checkpoint, where it lies in the mapped file.
public struct CheckpointTensor: Sendable {
  /// As the checkpoint spells it.
  public let name: String
  public let elementType: ElementType
  /// Rows first. Empty for a single number.
  public let shape: [Int]
  /// The numbers: row-major, without gaps, little-endian, aligned to nothing.
  public let bytes: ByteView

  package init(name: String, elementType: ElementType, shape: [Int], bytes: ByteView) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// The same tensor under another name.
  public func renamed(_ name: String) -> CheckpointTensor {
    CheckpointTensor(name: name, elementType: elementType, shape: shape, bytes: bytes)
  }

  /// Cannot overflow: the numbers lie in a file.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Reads the numbers from number `first` on, widened exactly: as many as `output` holds.
  ///
  /// - Precondition: `elementType.isWeight`, and that many numbers are there.
  public func readFloats(from first: Int, into output: inout MutableSpan<Float>) {
    switch elementType {
    case .float32: bytes.readFloat32(from: first, into: &output)
    case .float16: bytes.readFloat16(from: first, into: &output)
    case .bfloat16: bytes.readBFloat16(from: first, into: &output)
    default: preconditionFailure("\(name) holds \(elementType), no weights")
    }
  }
}

/// The product of the sizes of a shape, or nil if one is negative or the product overflows.
///
/// A zero anywhere makes it 0, but not before the other sizes have been multiplied: what says
/// [0, 2^62, 2^62] is refused.
func elementCount(ofShape shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    guard size >= 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
    guard !overflow else { return nil }
    count = product
  }
  return shape.contains(0) ? 0 : count
}
