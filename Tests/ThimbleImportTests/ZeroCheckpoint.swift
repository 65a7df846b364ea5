import ThimbleArchitecture
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

/// A folder with a checkpoint as small as can be, all weights 0, and the tokenizer of the fixtures.
struct ZeroCheckpoint {
  let folder = TemporaryFolder()

  /// - Parameters:
  ///   - changes: fields of the configuration.
  ///   - heads: whose tensors are there.
  ///   - prefix: what stands before the names of all tensors.
  init(
    _ changes: JSONObject = [:], heads: [HeadKind] = [.languageModel], prefix: String = ""
  ) throws {
    var fields: JSONObject = [
      "emb_dim": 4, "n_layers": 1, "n_heads": 2, "vocab_size": 683, "max_position_embeddings": 8,
    ]
    for (name, value) in changes { fields.set(name, to: value) }
    try write("config.json", .object(fields))
    let configuration = try ModelConfiguration(json: .object(fields))
    var names: Set<String> = []
    var header = JSONObject()
    var end = 0
    for tensor in configuration.encoderSlots.tensors + heads.flatMap(configuration.tensors(of:))
    where names.insert(tensor.name).inserted {
      let range = [JSONValue(end), JSONValue(end + 2 * tensor.elementCount)]
      header.set(
        prefix + tensor.name,
        to: [
          "dtype": "F16", "shape": .array(tensor.shape.map { JSONValue($0) }),
          "data_offsets": .array(range),
        ])
      end += 2 * tensor.elementCount
    }
    let text = Array(JSONValue.object(header).text().utf8)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    _ = try folder.write(
      size + text + [UInt8](repeating: 0, count: end), to: "model.safetensors")
    for name in ["vocab.json", "merges.txt"] {
      _ = try folder.write(bytes(fixture("tiny/\(name)")), to: name)
    }
  }

  func write(_ name: String, _ value: JSONValue) throws {
    _ = try folder.write(Array(value.text().utf8), to: name)
  }

  func open(_ options: ImportOptions = ImportOptions()) throws -> ModelCheckpoint {
    try ModelCheckpoint.open(folder.path, options: options)
  }

  /// What is said when it cannot be opened; empty if it can.
  func message() -> String {
    do {
      _ = try open()
      return ""
    } catch { return "\(error)" }
  }
}
