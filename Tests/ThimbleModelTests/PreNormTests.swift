import Testing
import ThimbleArchitecture
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleOps
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport

/// FlauBERT's small and large models normalise what each block reads, and nothing behind the last layer.
@Suite("Models that normalise what their blocks read")
struct PreNormTests {
  static let sentences: [[Int32]] = [
    [0, 45, 148, 5, 44, 1], [1, 5, 1], [0, 90, 5, 91, 19, 77, 5, 8, 1],
    [0] + (0..<30).map { Int32(20 + $0 * 5) } + [5, 1],
  ]
  static let fields: JSONObject = [
    "model_type": "flaubert", "pre_norm": true, "layer_norm_eps": 1e-6, "emb_dim": 96,
    "n_layers": 3, "n_heads": 4, "vocab_size": 200, "max_position_embeddings": 64, "n_langs": 1,
    "use_lang_emb": true, "layerdrop": 0.2,
  ]
  let checkpoint: MadeCheckpoint
  var folder: TemporaryFolder { checkpoint.folder }

  init() throws { checkpoint = try MadeCheckpoint(.object(Self.fields)) }

  private func batch(_ sentences: [[Int32]]) throws -> Batch {
    let batch = try Batch(maximumTokens: 64)
    for sentence in sentences { try batch.append(sentence) }
    return batch
  }

  private func states(
    _ model: MaskedLanguageModel, _ batch: Batch, keeping kept: [Int]? = nil
  ) throws -> [[UInt32]] {
    try model.encoder.encode(batch, keeping: kept)
    return (0..<(kept?.count ?? batch.tokenCount)).map {
      model.encoder.hiddenState($0).map(\.bitPattern)
    }
  }

  @Test(
    "give the bits of the reference in plain Swift, on every ISA and with any threads",
    arguments: ActivationPrecision.allCases, [4, 8])
  func plainSwift(activations: ActivationPrecision, bits: Double) throws {
    let path = try convert(folder.path, to: "small.thimble", in: folder, bits: bits)
    let reference = try ReferenceModel(path: path, activations: activations)
    let expected = try Self.sentences.flatMap { sentence in
      try reference.hiddenStates(sentence.map { Int($0) }).map { $0.map(\.bitPattern) }
    }
    let batch = try batch(Self.sentences)
    for kernels in KernelTable.runnable {
      for threads in [1, 3] {
        let model = try fileModel(
          path, threads: threads, kernels: kernels, activations: activations)
        #expect(try states(model, batch) == expected, "\(kernels), \(threads) threads")
      }
    }
  }

  @Test("give the same states whichever others are kept", arguments: [false, true])
  func kept(inFloat: Bool) throws {
    let model =
      inFloat
      ? try reference(folder.path, threads: 2)
      : try fileModel(convert(folder.path, to: "small.thimble", in: folder), threads: 2)
    let batch = try batch(Self.sentences)
    let all = try states(model, batch)
    for kept in [[], [0], [6, 11, 16, 40], Array(3..<30), Array(all.indices)] {
      #expect(try states(model, batch, keeping: kept) == kept.map { all[$0] }, "\(kept)")
    }
  }

  @Test("give the same bits in fp32 on every ISA")
  func checkpointInPlace() throws {
    let batch = try batch(Self.sentences)
    let expected = try states(reference(folder.path), batch)
    for kernels in KernelTable.runnable {
      let model = try reference(folder.path, threads: 2, kernels: kernels)
      #expect(try states(model, batch) == expected, "\(kernels)")
    }
  }

  @Test("show calibration what they read: the normalised residual stream")
  func observed() throws {
    let model = try reference(folder.path)
    let batch = try batch([Self.sentences[0]])
    var streams: [[Float]] = []
    var inputs: [InputPlace: [Float]] = [:]
    model.encoder.observeInput = { place, rows in
      inputs[place] = rows.values.withSpan(0..<rows.width) { span in span.indices.map { span[$0] } }
    }
    try model.encoder.encode(batch) { _ in streams.append(model.encoder.hiddenState(0)) }
    #expect(streams.count == 4 && inputs.count == 12)
    let weights = try CheckpointWeights(
      ModelCheckpoint.open(folder.path), workers: 1, kernels: .underTest)
    for (layer, slots) in checkpoint.configuration.encoderSlots.layers.enumerated() {
      func vector(_ tensor: ModelTensor) throws -> [Float] {
        let values = try weights.vector(tensor)
        return (0..<96).map { values[$0] }
      }
      let expected = Reference.layerNorm(
        streams[layer], residual: nil, weight: try vector(slots.attentionNorm.gain),
        bias: try vector(slots.attentionNorm.bias), epsilon: 1e-6)
      #expect(inputs[.projections(layer: layer)] == expected, "layer \(layer)")
    }
  }
}
