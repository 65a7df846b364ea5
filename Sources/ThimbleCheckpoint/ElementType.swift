/// The type of the numbers of a tensor. Only floats can be weights; the others are known so that
/// tensors that nobody needs can be measured and stepped over.
public enum ElementType: String, Sendable, CaseIterable {
  case float32, float16, bfloat16, float64
  case int64, int32, int16, int8, uint64, uint32, uint16, uint8
  case bool, complex64
  case float8e5m2, float8e4m3, float8e8m0, float8e4m3fnuz, float8e5m2fnuz
  case float4, float6e2m3, float6e3m2

  /// The size of one number.
  public var bitCount: Int {
    switch self {
    case .float4: 4
    case .float6e2m3, .float6e3m2: 6
    case .int8, .uint8, .bool: 8
    case .float8e5m2, .float8e4m3, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz: 8
    case .float16, .bfloat16, .int16, .uint16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    }
  }

  /// Whether the numbers can be read as fp32 without loss.
  public var isWeight: Bool { self == .float32 || self == .float16 || self == .bfloat16 }
}
