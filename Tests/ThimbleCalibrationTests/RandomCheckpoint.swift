import ThimbleArchitecture
import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleTestSupport

/// A checkpoint of 80,000 random weights without vocabulary: small enough to be calibrated in a moment.
struct RandomCheckpoint {
  private let folder = TemporaryFolder()
  let checkpoint: ModelCheckpoint
  let source: ConversionSource

  init(heads: [HeadKind] = [.languageModel]) throws {
    let fields: JSONValue = [
      "model_type": "xlm", "emb_dim": 64, "n_layers": 1, "n_heads": 4, "vocab_size": 400,
      "max_position_embeddings": 64, "n_langs": 1,
    ]
    _ = try folder.write(Array(fields.text().utf8), to: "config.json")
    let configuration = try ModelConfiguration(json: fields)
    var random = SeededRandom(seed: 3)
    var header = JSONObject()
    var weights: [UInt8] = []
    for tensor in configuration.tensors(withHeads: heads) {
      let start = weights.count
      for _ in 0..<tensor.elementCount {
        let value = 0.2 * random.normal() + (tensor.role == .normGain ? 1 : 0)
        for byte in 0..<4 {
          weights.append(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * byte)))
        }
      }
      header.set(
        tensor.name,
        to: [
          "dtype": "F32", "shape": .array(tensor.shape.map { JSONValue($0) }),
          "data_offsets": [JSONValue(start), JSONValue(weights.count)],
        ])
    }
    let text = Array(JSONValue.object(header).text().utf8)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    _ = try folder.write(size + text + weights, to: "model.safetensors")
    checkpoint = try ModelCheckpoint.open(folder.path)
    source = try ConversionSource(checkpoint)
  }
}
