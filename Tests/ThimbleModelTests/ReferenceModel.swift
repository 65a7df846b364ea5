import ThimbleArchitecture
import ThimbleFormat
import ThimbleModel
import ThimbleSystem
import ThimbleTestSupport

/// The whole masked language model in plain Swift, from a .thimble file and Formats/numerics.md alone: it defines the
/// answer that every kernel, thread count and memory budget must give.
struct ReferenceModel {
  let configuration: ModelConfiguration
  private let activations: ActivationPrecision
  private let file: ThimbleFile
  private let decoder: ChunkDecoder

  init(path: String, activations: ActivationPrecision = .int8) throws {
    self.activations = activations
    file = try ThimbleFile(path: path)
    configuration = try FileWeights.configuration(of: file)
    decoder = try ChunkDecoder(
      largestChunk: file.largestChunk, kernels: KernelTable.named("portable"))
  }

  /// The logits at position `position` of the sequence `ids`.
  func logits(_ ids: [Int], at position: Int) throws -> [Float] {
    let state = try hiddenStates(ids)[position]
    return try linear(
      [state], weight: TensorName.tokenEmbedding, bias: "pred_layer.proj.bias")[0]
  }

  func hiddenStates(_ ids: [Int]) throws -> [[Float]] {
    let tokens = try rows(TensorName.tokenEmbedding, ids)
    let positions = try rows(TensorName.positionEmbedding, Array(ids.indices))
    var x = try zip(tokens, positions).map { token, position in
      try norm("transformer.layer_norm_emb", zip(token, position).map { $0 + $1 }, residual: nil)
    }
    for layer in 0..<configuration.layerCount {
      x = try block(x, "transformer.layer_norm1.\(layer)") {
        try attention($0, "transformer.attentions.\(layer)")
      }
      x = try block(x, "transformer.layer_norm2.\(layer)") {
        let inner = try linear($0, "transformer.ffns.\(layer).lin1").map { $0.map(Reference.gelu) }
        return try linear(inner, "transformer.ffns.\(layer).lin2")
      }
    }
    return x
  }

  private func block(
    _ x: [[Float]], _ name: String, _ function: ([[Float]]) throws -> [[Float]]
  ) throws -> [[Float]] {
    if configuration.isPreNorm {
      let update = try function(x.map { try norm(name, $0, residual: nil) })
      return zip(x, update).map { zip($0, $1).map { $0 + $1 } }
    }
    return try zip(x, function(x)).map { try norm(name, $0, residual: $1) }
  }

  private func attention(_ x: [[Float]], _ name: String) throws -> [[Float]] {
    let (q, k, v) = (
      try linear(x, "\(name).q_lin"), try linear(x, "\(name).k_lin"), try linear(x, "\(name).v_lin")
    )
    var context = [[Float]](repeating: [], count: x.count)
    for head in 0..<configuration.headCount {
      let columns = head * configuration.headSize..<(head + 1) * configuration.headSize
      let result = Reference.attention(
        q: q.map { Array($0[columns]) }, k: k.map { Array($0[columns]) },
        v: v.map { Array($0[columns]) }, isCausal: configuration.isCausal)
      for row in context.indices { context[row] += result[row] }
    }
    return try linear(context, "\(name).out_lin")
  }

  private func norm(_ name: String, _ x: [Float], residual: [Float]?) throws -> [Float] {
    Reference.layerNorm(
      x, residual: residual, weight: try vector("\(name).weight"), bias: try vector("\(name).bias"),
      epsilon: Float(configuration.layerNormEpsilon))
  }

  private func linear(_ x: [[Float]], _ name: String) throws -> [[Float]] {
    try linear(x, weight: "\(name).weight", bias: "\(name).bias")
  }

  private func linear(_ x: [[Float]], weight: String, bias: String) throws -> [[Float]] {
    let tensor = try tensor(weight)
    if tensor.shape.kind == .f32 {
      let (rows, bias) = (try floatRows(tensor), try vector(bias))
      return x.map { Reference.multiply($0, rows, bias: bias) }
    }
    let inputs = x.map { Reference.quantize($0, precision: activations) }
    let values = try vector(bias) + [Float](repeating: 0, count: 31)
    var outputs = [[Float]](repeating: [], count: x.count)
    for panel in 0..<tensor.shape.panelCount {
      let weights = try self.panel(panel, of: tensor)
      for row in x.indices {
        outputs[row] += Reference.multiply(
          inputs[row], weights, step: tensor.shape.step,
          bias: Array(values[panel * 32..<panel * 32 + 32]))
      }
    }
    return outputs.map { Array($0.prefix(tensor.shape.rows)) }
  }

  private func rows(_ name: String, _ indices: [Int]) throws -> [[Float]] {
    let tensor = try tensor(name)
    if tensor.shape.kind == .f32 {
      let rows = try floatRows(tensor)
      return indices.map { rows[$0] }
    }
    return try indices.map { index in
      let panel = try self.panel(index / 32, of: tensor)
      return (0..<tensor.shape.columns).map { column in
        let scale = Reference.scale(
          step: tensor.shape.step, code: panel.scaleCodes[index % 32][column / 64])
        return Float(panel.codes[index % 32][column]) * scale
      }
    }
  }

  private func floatRows(_ tensor: TensorRecord) throws -> [[Float]] {
    let values = try vector(tensor.name)
    return (0..<tensor.shape.rows).map {
      Array(values[$0 * tensor.shape.columns..<($0 + 1) * tensor.shape.columns])
    }
  }

  private func tensor(_ name: String) throws -> TensorRecord {
    guard let tensor = file.tensor(named: name) else {
      throw ModelError.missingTensors(path: file.path, tensors: [name])
    }
    return tensor
  }

  private func vector(_ name: String) throws -> [Float] {
    let values = try file.values(of: tensor(name), decoder: decoder)
    return (0..<values.count).map { values[$0] }
  }

  /// Panel `index` of `tensor`, taken apart as Formats/thimble.md lays it out.
  private func panel(_ index: Int, of tensor: TensorRecord) throws -> Reference.QuantizedPanel {
    let shape = tensor.shape
    let chunk = index / shape.panelsPerChunk
    let codes = try AlignedArray<UInt8>(count: shape.codesSize(ofChunk: chunk))
    let scaleCodes = try AlignedArray<UInt8>(count: shape.scalesSize(ofChunk: chunk))
    try decoder.decode(
      chunk: chunk, of: tensor, in: file, into: codes, at: 0, scaleCodes: scaleCodes, at: 0)
    let k = shape.paddedColumns
    let first = (index - chunk * shape.panelsPerChunk) * 32 * k
    return Reference.QuantizedPanel(
      codes: (0..<32).map { row in
        (0..<k).map { Int8(Int(codes[first + ($0 / 4 * 32 + row) * 4 + $0 % 4]) - 128) }
      },
      scaleCodes: (0..<32).map { row in
        (0..<k / 64).map { scaleCodes[first / 64 + $0 * 32 + row] }
      })
  }
}
