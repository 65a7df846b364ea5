import ThimbleFormat
import ThimbleSystem

/// A file, read back by its specification: each weight with the scale of its block.
struct DequantizedFile {
  let file: ThimbleFile
  private let decoder: ChunkDecoder

  init(_ path: String) throws {
    file = try ThimbleFile(path: path)
    decoder = try ChunkDecoder(largestChunk: file.largestChunk, kernels: .best)
  }

  /// The weights of `tensor` in row-major order. The scale of what is stored exactly is 0.
  func weights(_ tensor: TensorRecord) throws -> [(weight: Float, scale: Float)] {
    let shape = tensor.shape
    if shape.kind == .f32 {
      let values = try file.values(of: tensor, decoder: decoder)
      return (0..<shape.valueCount).map { (values[$0], 0) }
    }
    let k = shape.paddedColumns
    let codes = try AlignedArray<UInt8>(count: shape.codesSize(ofChunk: 0))
    let scaleCodes = try AlignedArray<UInt8>(count: shape.scalesSize(ofChunk: 0))
    let steps = StepTable(step: shape.step)
    var weights: [(weight: Float, scale: Float)] = []
    for chunk in 0..<shape.chunkCount {
      try decoder.decode(
        chunk: chunk, of: tensor, in: file, into: codes, at: 0, scaleCodes: scaleCodes, at: 0)
      let panels = shape.panels(ofChunk: chunk)
      for row in 32 * panels.lowerBound..<min(32 * panels.upperBound, shape.rows) {
        let (panel, lane) = (row / 32 - panels.lowerBound, row % 32)
        for column in 0..<shape.columns {
          let code = codes[panel * 32 * k + column / 4 * 128 + lane * 4 + column % 4]
          let scale = steps.scale(code: scaleCodes[(panel * k / 64 + column / 64) * 32 + lane])
          weights.append((Float(Int(code) - 128) * scale, scale))
        }
      }
    }
    return weights
  }
}
