import ThimbleArchitecture
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

/// Sources of conversions, made of random weights.
enum RandomModel {
  /// A whole model of about 300,000 weights.
  static func source(_ element: WeightElement = .float32, seed: UInt64 = 1) throws
    -> ConversionSource
  {
    let json: JSONValue = .object([
      "model_type": "xlm", "emb_dim": 96, "n_layers": 2, "n_heads": 4, "vocab_size": 700,
      "max_position_embeddings": 80, "n_langs": 3, "use_lang_emb": true,
    ])
    let configuration = try ModelConfiguration(json: json)
    var random = SeededRandom(seed: seed)
    return ConversionSource(
      configuration: Array(json.text().utf8), tokenizer: [1, 2, 3],
      tensors: try (configuration.encoderSlots.tensors + configuration.tensors(of: .languageModel))
        .map {
          try tensor($0, element, using: &random)
        })
  }

  /// One matrix, alone.
  static func matrix(
    rows: Int, columns: Int, _ element: WeightElement = .float32, name: String = "matrix",
    seed: UInt64 = 2
  ) throws -> SourceTensor {
    var random = SeededRandom(seed: seed)
    return try tensor(linear(name, rows: rows, columns: columns), element, using: &random)
  }

  /// One matrix of zeros, alone.
  static func zeros(rows: Int, columns: Int) throws -> SourceTensor {
    SourceTensor(
      linear("matrix", rows: rows, columns: columns), elementType: .bfloat16,
      bytes: ByteView(try AlignedArray<UInt8>(count: 2 * rows * columns)))
  }

  static func linear(_ name: String, rows: Int, columns: Int) -> ModelTensor {
    ModelTensor(
      name: name, shape: [rows, columns], role: .linearWeight, group: .attention, layer: 0)
  }

  static func source(of tensors: [SourceTensor]) -> ConversionSource {
    ConversionSource(configuration: Array("{}".utf8), tokenizer: [], tensors: tensors)
  }

  private static func tensor(
    _ tensor: ModelTensor, _ element: WeightElement, using random: inout SeededRandom
  ) throws -> SourceTensor {
    var spread: Float = 0
    var values: [Float] = []
    values.reserveCapacity(tensor.elementCount)
    for index in 0..<tensor.elementCount {
      // Rows differ in size, and some weights lie far out, as in trained models.
      if index.isMultiple(of: tensor.shape.last ?? 1) {
        spread = .random(in: 0.02...0.06, using: &random)
      }
      let isOutlier = random.next().isMultiple(of: 500)
      values.append(bell(&random) * spread * (isOutlier ? 12 : 1))
    }
    return SourceTensor(tensor, elementType: element, bytes: try bytes(of: values, element))
  }

  /// Nearly normal, with variance 1: the sum of the eight bytes of one random word.
  private static func bell(_ random: inout SeededRandom) -> Float {
    let word = random.next()
    var sum: UInt64 = 0
    for shift in stride(from: 0, to: UInt64(64), by: 8) { sum += word >> shift & 0xFF }
    return (Float(sum) - 1020) / 209
  }

  static func bytes(of values: [Float], _ element: WeightElement) throws -> ByteView {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * element.byteCount)
    for value in values {
      let bits: UInt32 =
        switch element {
        case .float32: value.bitPattern
        case .float16: UInt32(Float16(value).bitPattern)
        case .bfloat16: value.bitPattern >> 16
        }
      for byte in 0..<element.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * byte)))
      }
    }
    return try ByteView(bytes)
  }
}

/// A small model that was trained.
func trainedModel() throws -> ConversionSource {
  let tests = #filePath.replacing("ThimbleConvertTests/", with: "ThimbleModelTests/")
  return try ConversionSource(ModelCheckpoint.open(fixture("xlm-small", file: tests)))
}

extension SourceTensor {
  /// All weights, widened.
  var values: [Float] {
    (0..<tensor.elementCount).map { index in
      switch elementType {
      case .float32: Float(bitPattern: bytes.load(at: 4 * index, as: UInt32.self))
      case .float16: Float(Float16(bitPattern: bytes.load(at: 2 * index, as: UInt16.self)))
      case .bfloat16: Float(bitPattern: UInt32(bytes.load(at: 2 * index, as: UInt16.self)) << 16)
      }
    }
  }

  /// The same tensor with `value` instead of the weights `indices`.
  func replacing(_ indices: Int..., with value: Float) throws -> SourceTensor {
    try replacing(indices, with: value)
  }

  func replacing(_ indices: some Sequence<Int>, with value: Float) throws -> SourceTensor {
    var values = self.values
    for index in indices { values[index] = value }
    return SourceTensor(
      tensor, elementType: elementType, bytes: try RandomModel.bytes(of: values, elementType))
  }
}
