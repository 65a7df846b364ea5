import Testing
import ThimbleArchitecture
import ThimbleCheckpoint
import ThimbleImport
import ThimbleJSON
import ThimbleSystem

struct TensorMatchingTests {
  static let fields: JSONObject = ["emb_dim": 4, "n_layers": 2, "n_heads": 2, "vocab_size": 8]

  private func configuration(_ changes: JSONObject = [:]) throws -> ModelConfiguration {
    var fields = Self.fields
    for (name, value) in changes { fields.set(name, to: value) }
    return try ModelConfiguration(json: .object(fields))
  }

  private func tensor(
    _ name: String, _ shape: [Int], _ elementType: ElementType = .float32
  ) throws -> CheckpointTensor {
    let count = shape.reduce(1, *) * elementType.bitCount / 8
    return CheckpointTensor(
      name: name, elementType: elementType, shape: shape,
      bytes: try ByteView([UInt8](repeating: 0, count: count)))
  }

  /// All tensors of a masked language model.
  private func complete(_ configuration: ModelConfiguration) throws -> [CheckpointTensor] {
    try (configuration.encoderSlots.tensors + configuration.tensors(of: .languageModel)).map {
      try tensor($0.name, $0.shape)
    }
  }

  private func match(
    _ tensors: [CheckpointTensor], _ configuration: ModelConfiguration
  ) throws -> TensorMatching {
    try TensorMatching(tensors, configuration: configuration, path: "file")
  }

  @Test("a complete checkpoint matches, whatever the order of its tensors")
  func complete() throws {
    let configuration = try configuration()
    let matching = try match(complete(configuration).reversed(), configuration)
    #expect(matching.inventory.count == 4 + 2 * 16 + 1)
    #expect(matching.heads == [.languageModel])
    #expect(matching.ignored.isEmpty)
  }

  @Test("every missing tensor is listed")
  func missing() throws {
    let configuration = try configuration()
    let tensors = try complete(configuration).filter { !$0.name.contains("ffns.1.lin2") }
    let names = ["transformer.ffns.1.lin2.weight", "transformer.ffns.1.lin2.bias"]
    #expect(
      throws: ImportError.missingTensors(path: "file", names, found: tensors.map(\.name).sorted())
    ) {
      try match(tensors, configuration)
    }
  }

  @Test("every shape that disagrees is listed with both shapes")
  func shapes() throws {
    let configuration = try configuration()
    let other = try self.configuration(["vocab_size": 9])
    let expected = ImportError.shapes(
      path: "file",
      [
        .init(name: "transformer.embeddings.weight", found: [8, 4], wanted: [9, 4]),
        .init(name: "pred_layer.proj.bias", found: [8], wanted: [9]),
      ])
    #expect(throws: expected) { try match(complete(configuration), other) }
    #expect(expected.description.contains("is [8, 4]; the configuration needs [9, 4]"))
  }

  @Test("either name of the tied matrix will do, and the embedding wins")
  func tied() throws {
    let configuration = try configuration()
    let output = try tensor("pred_layer.proj.weight", [8, 4], .float16)
    let both = try match(complete(configuration) + [output], configuration)
    #expect(both.tensors["transformer.embeddings.weight"]?.elementType == .float32)
    #expect(both.ignored.map(\.name) == ["pred_layer.proj.weight"])
    let without = try complete(configuration).filter { !$0.name.contains(".embeddings.") }
    let one = try match(without + [output], configuration)
    #expect(one.tensors["transformer.embeddings.weight"]?.elementType == .float16)
    #expect(one.tensors["pred_layer.proj.weight"] == nil)
    #expect(one.ignored.isEmpty)
  }

  @Test("an output matrix that is not tied is a tensor of its own")
  func untied() throws {
    let configuration = try configuration(["tie_word_embeddings": false])
    let matching = try match(complete(configuration), configuration)
    #expect(matching.tensors["pred_layer.proj.weight"]?.shape == [8, 4])
    #expect(matching.heads == [.languageModel])
  }

  @Test("a checkpoint without the bias of the output is an encoder without head")
  func headless() throws {
    let configuration = try configuration()
    let tensors = try complete(configuration).filter { !$0.name.hasPrefix("pred_layer") }
    #expect(try match(tensors, configuration).heads.isEmpty)
  }

  @Test("old spellings of names are understood")
  func oldNames() throws {
    let configuration = try configuration()
    let tensors = try complete(configuration).map { tensor in
      var name = tensor.name
      if name.hasPrefix("transformer.") { name.removeFirst("transformer.".count) }
      if name.hasPrefix("layer_norm") {
        let parts = name.split(separator: ".").map(String.init)
        name = (parts.dropLast() + [parts.last == "weight" ? "gamma" : "beta"])
          .joined(separator: ".")
      }
      return tensor.renamed("module.\(name)")
    }
    #expect(try match(tensors, configuration).inventory.count == 4 + 2 * 16 + 1)
  }

  @Test("two spellings of one tensor are refused")
  func twice() throws {
    let configuration = try configuration()
    let name = "attentions.0.q_lin.bias"
    let tensors = try complete(configuration) + [tensor(name, [4])]
    let names = ["transformer.\(name)", name]
    #expect(throws: ImportError.duplicateTensor(path: "file", names: names)) {
      try match(tensors, configuration)
    }
  }

  @Test("weights that are no floats are refused, unless nobody needs them")
  func elementTypes() throws {
    let configuration = try configuration()
    let name = "transformer.position_ids"
    let more = try complete(configuration) + [tensor(name, [1, 512], .int64)]
    #expect(try match(more, configuration).ignored.map(\.name) == [name])
    let norm = "transformer.layer_norm_emb.bias"
    let floats = try complete(configuration).filter { $0.name != norm }
    let tensors = try floats + [tensor(norm, [4], .int64)]
    #expect(throws: ImportError.elementType(path: "file", name: norm, .int64)) {
      try match(tensors, configuration)
    }
  }

  @Test(
    "tensors without which the model would be another are refused",
    arguments: [
      "transformer.layer_norm15.0.weight", "transformer.encoder_attn.0.q_lin.weight",
      "transformer.memories.0.keys", "attentions.2.q_lin.weight", "transformer.ffns.0.lin3.weight",
      "pred_layer.proj.head.weight",
    ])
  func refused(name: String) throws {
    let configuration = try configuration()
    #expect {
      try match(complete(configuration) + [tensor(name, [4])], configuration)
    } throws: { error in
      guard case .refusedTensor(_, name, _) = error as? ImportError else { return false }
      return true
    }
  }

  @Test("tensors that are no part of the model are ignored")
  func ignored() throws {
    let configuration = try configuration()
    let names = ["classifier.weight", "loss.scale", "lang_embeddings.weight"]
    let tensors = try complete(configuration) + names.map { try tensor($0, [2]) }
    #expect(try match(tensors, configuration).ignored.map(\.name) == names)
  }
}
