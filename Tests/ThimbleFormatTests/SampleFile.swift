import ThimbleFormat
import ThimbleSystem
import ThimbleTestSupport

/// A small file with every kind of tensor and every encoding, and the bytes that went into it.
struct SampleFile {
  static let configuration = Array(#"{"model_type":"xlm"}"#.utf8)
  static let tokenizer: [UInt8] = Array(0..<100)
  let path: String
  /// What each chunk decodes to.
  var codes: [[UInt8]] = []
  var scaleCodes: [[UInt8]] = []
  var values: [Float] = []

  static let shapes: [TensorShape] = [
    .f32(name: "vector", columns: 70_000),
    .q8b64(name: "peaked", rows: 127, columns: 126, panelsPerChunk: 2, step: 0.01),
    .q8b64(name: "noise", rows: 63, columns: 64, panelsPerChunk: 1, step: 0.5),
    .q8b64(name: "peakedest", rows: 64, columns: 64, panelsPerChunk: 2, step: 0.5),
    .f32(name: "factors", columns: 64),
  ]

  init(in folder: TemporaryFolder, seed: UInt64 = 1) throws {
    var random = SeededRandom(seed: seed)
    path = folder("sample.thimble")
    let writer = try ThimbleWriter(
      path: path, configuration: Self.configuration, tokenizer: Self.tokenizer)
    let encoder = try ChunkEncoder(largestChunk: 1 << 19, kernels: .underTest)
    let buffer = try ChunkEncoder.makeBuffer(largestChunk: 1 << 19)
    for shape in Self.shapes {
      try writer.begin(shape, columnFactors: shape.name == "noise" ? 4 : nil)
      for chunk in 0..<shape.chunkCount {
        let bytes = makeCodes(shape, chunk, &random)
        let scales = (0..<shape.scalesSize(ofChunk: chunk)).map { _ in
          shape.name == "peakedest" ? 0 : 11 * UInt8.random(in: 0...1, using: &random)
        }
        codes.append(bytes)
        scaleCodes.append(scales)
        try writer.append(
          encoder.encode(
            codes: array(bytes), count: bytes.count,
            scaleCodes: shape.kind == .q8b64 ? array(scales) : nil, count: scales.count,
            into: buffer))
      }
    }
    try writer.finish()
  }

  private func makeCodes(
    _ shape: TensorShape, _ chunk: Int, _ random: inout SeededRandom
  ) -> [UInt8] {
    let count = shape.codesSize(ofChunk: chunk)
    guard shape.kind == .q8b64 else {
      return (0..<count / 4).flatMap { _ in
        let bits = random.normal().bitPattern
        return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
      }
    }
    let k = shape.paddedColumns
    var bytes = [UInt8](repeating: 128, count: count)
    for (index, panel) in shape.panels(ofChunk: chunk).enumerated() {
      for row in 0..<min(32, shape.rows - panel * 32) {
        for column in 0..<shape.columns {
          let code =
            switch shape.name {
            case "noise": Int.random(in: -127...127, using: &random)
            case "peaked": Int(random.normal() * 20)
            default: Int(random.normal() * 1.2)
            }
          bytes[index * 32 * k + (column / 4 * 32 + row) * 4 + column % 4] = UInt8(128 + code)
        }
      }
    }
    return bytes
  }
}

func array(_ bytes: [UInt8]) throws -> AlignedArray<UInt8> {
  let array = try AlignedArray<UInt8>(count: bytes.count)
  for (index, byte) in bytes.enumerated() { array[index] = byte }
  return array
}
