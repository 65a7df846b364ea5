import Testing
import ThimbleArchitecture
import ThimbleCheckpoint
import ThimbleImport
import ThimbleSystem
import ThimbleTestSupport

/// The same tiny model in every container: 2 layers, width 16, 683 tokens, 3 languages.
struct ContainerTests {
  static let fp32 = [
    "model.safetensors", "model.headonly.safetensors", "pytorch_model.zip.bin",
    "pytorch_model.untied.zip.bin", "pytorch_model.legacy.bin", "pytorch_model.bin.index.json",
    "xlm_original.pth",
  ]
  static let heads: [(file: String, heads: [HeadKind])] = [
    ("XLMForSequenceClassification.safetensors", [.sequenceClassification]),
    ("XLMForTokenClassification.safetensors", [.tokenClassification]),
    ("XLMForQuestionAnsweringSimple.safetensors", [.questionAnswering]),
    ("XLMForQuestionAnswering.safetensors", [.beamQuestionAnswering]),
    ("XLMForMultipleChoice.safetensors", [.multipleChoice]),
  ]

  @Test("every fp32 container holds the same weights, bit for bit", arguments: fp32)
  func sameWeights(file: String) throws {
    let reference = try ModelCheckpoint.open(fixture("tiny/pytorch_model.zip.bin"))
    let checkpoint = try ModelCheckpoint.open(fixture("tiny/\(file)"))
    #expect(checkpoint.inventory == reference.inventory)
    #expect(checkpoint.heads == [.languageModel])
    for tensor in reference.inventory {
      let expected = try #require(reference.tensor(tensor.name))
      let found = try #require(checkpoint.tensor(tensor.name))
      #expect(found.shape == tensor.shape)
      #expect(found.bytes.elementsEqual(expected.bytes), "\(tensor.name)")
    }
  }

  @Test("the fp16 container holds the weights rounded to fp16")
  func halfWeights() throws {
    let reference = try ModelCheckpoint.open(fixture("tiny/pytorch_model.zip.bin"))
    let checkpoint = try ModelCheckpoint.open(fixture("tiny/pytorch_model.legacy_half.bin"))
    #expect(checkpoint.inventory == reference.inventory)
    for tensor in reference.inventory {
      let expected = try #require(reference.tensor(tensor.name)).floats()
      let found = try #require(checkpoint.tensor(tensor.name))
      #expect(found.elementType == .float16)
      #expect(found.floats() == expected.map { Float(Float16($0)) }, "\(tensor.name)")
    }
  }

  @Test("the original checkpoint and config.json describe the same model")
  func originalConfiguration() throws {
    var hub = try ModelCheckpoint.open(fixture("tiny/model.safetensors")).configuration
    let original = try ModelCheckpoint.open(fixture("tiny/xlm_original.pth")).configuration
    // The original knows neither labels nor, in its parameters, languages.
    hub.labels = original.labels
    hub.languages = original.languages
    #expect(original == hub)
  }

  @Test("a task head is found in its checkpoint", arguments: heads)
  func taskHead(file: String, heads: [HeadKind]) throws {
    let checkpoint = try ModelCheckpoint.open(fixture("tiny/\(file)"))
    #expect(checkpoint.heads == heads)
    #expect(checkpoint.ignored.isEmpty)
    for tensor in checkpoint.inventory {
      #expect(checkpoint.tensor(tensor.name)?.shape == tensor.shape)
    }
  }

  @Test("a stored tied head is the same bytes, not a copy")
  func tiedHead() throws {
    let checkpoint = try Checkpoint.open(fixture("tiny/pytorch_model.zip.bin"))
    let names = ["transformer.embeddings.weight", "pred_layer.proj.weight"]
    let tensors = names.compactMap { name in checkpoint.tensors.first { $0.name == name } }
    try #require(tensors.count == 2)
    #expect(tensors[0].bytes.offset(in: tensors[1].bytes) == 0)
  }

  @Test("tensors that change nothing are left out with a reason")
  func ignored() throws {
    let checkpoint = try ModelCheckpoint.open(fixture("tiny/pytorch_model.legacy.bin"))
    #expect(checkpoint.ignored.map(\.name).contains("transformer.position_ids"))
    #expect(checkpoint.ignored.map(\.name).contains("pred_layer.proj.weight"))
    #expect(checkpoint.ignored.count == 2)
  }
}

extension CheckpointTensor {
  func floats() -> [Float] {
    var values = [Float](repeating: 0, count: elementCount)
    var span = values.mutableSpan
    readFloats(from: 0, into: &span)
    return values
  }
}
