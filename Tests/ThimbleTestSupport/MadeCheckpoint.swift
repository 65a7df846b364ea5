public import ThimbleArchitecture
public import ThimbleJSON
internal import ThimbleSystem

/// A checkpoint whose weights Tools/model-goldens makes too, by the rules that it states.
public struct MadeCheckpoint {
  public let folder = TemporaryFolder()
  public let configuration: ModelConfiguration

  public init(_ fields: JSONValue, heads: [HeadKind] = [.languageModel]) throws {
    configuration = try ModelConfiguration(json: fields)
    try write(fields)
    let tensors = configuration.tensors(withHeads: heads)
    var header = JSONObject()
    var end = 0
    for tensor in tensors {
      let start = end
      end += 4 * tensor.elementCount
      header.set(
        tensor.name,
        to: [
          "dtype": "F32", "shape": .array(tensor.shape.map { JSONValue($0) }),
          "data_offsets": [JSONValue(start), JSONValue(end)],
        ])
    }
    let text = Array(JSONValue.object(header).text().utf8)
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    bytes.reserveCapacity(bytes.count + end)
    for tensor in tensors { Pool.of(tensor).append(tensor, to: &bytes) }
    _ = try folder.write(bytes, to: "model.safetensors")
  }

  /// Exchanges the configuration.
  public func write(_ fields: JSONValue) throws {
    _ = try folder.write(Array(fields.text().utf8), to: "config.json")
  }
}

/// Numbers from -1 to 1, scaled as tensors of one kind want them.
private struct Pool {
  private static let units: [Float] = {
    var random = SeededRandom(seed: 1)
    return (0..<1_048_573).map { _ in
      Float(Int64(random.next() >> 40) - (1 << 23)) / Float(1 << 23)
    }
  }()
  private static let embeddings = Pool { $0 / 4 }
  private static let matrices = Pool { $0 / 32 }
  private static let biases = Pool { $0 / 8 }
  private static let gains = Pool { 1 + $0 / 8 }

  /// The numbers in little-endian order.
  private let bytes: [UInt8]

  private init(_ scaled: (Float) -> Float) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * Self.units.count)
    for unit in Self.units {
      let bits = scaled(unit).bitPattern
      for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte))) }
    }
    self.bytes = bytes
  }

  static func of(_ tensor: ModelTensor) -> Pool {
    switch tensor.role {
    case .tokenEmbedding, .positionEmbedding, .languageEmbedding: embeddings
    case .linearWeight: matrices
    case .linearBias, .normBias: biases
    case .normGain, .columnFactors: gains
    }
  }

  /// Appends the values of `tensor`: those from a place on that its name says, over the end to the beginning.
  func append(_ tensor: ModelTensor, to output: inout [UInt8]) {
    let hash = tensor.name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    var start = 4 * Int(hash % UInt64(Self.units.count))
    var left = 4 * tensor.elementCount
    while left > 0 {
      let count = min(left, bytes.count - start)
      output.append(contentsOf: bytes[start..<start + count])
      left -= count
      start = 0
    }
  }
}
