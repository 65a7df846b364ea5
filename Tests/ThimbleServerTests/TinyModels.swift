import ThimbleConvert
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

/// Files that can be opened but cannot answer, made of the tiny checkpoint.
struct TinyModel {
  private struct Tensor {
    let name: String
    var shape: [Int]
    var bytes: ArraySlice<UInt8>
  }

  private static let source = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny")
  let folder = TemporaryFolder()
  var path: String { folder("tiny.thimble") }

  /// All that is not a matrix is 3e38: sums of it are infinite.
  static func infinite() throws -> TinyModel {
    let huge = (0..<4).map { UInt8(truncatingIfNeeded: Float(3e38).bitPattern >> ($0 * 8)) }
    return try TinyModel { tensor in
      guard tensor.shape.count == 1 else { return }
      tensor.bytes = [UInt8](repeatElement(huge, count: tensor.bytes.count / 4).joined())[...]
    }
  }

  /// Two positions: too few for a probe, and for any text.
  static func ofTwoPositions() throws -> TinyModel {
    try TinyModel(positions: 2) { tensor in
      guard tensor.name.hasSuffix("position_embeddings.weight") else { return }
      tensor.shape[0] = 2
      tensor.bytes = tensor.bytes.prefix(8 * tensor.shape[1])
    }
  }

  private init(positions: Int = 32, _ change: (inout Tensor) -> Void) throws {
    let file = try MappedFile(path: "\(Self.source)/model.safetensors").bytes.bytes()
    let count = (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
    let header = try JSONValue(parsing: String(decoding: file[8..<8 + count], as: UTF8.self))
    var (tensors, body) = (JSONObject(), [UInt8]())
    for (name, value) in header.object ?? [:] where name != "__metadata__" {
      let places = value["data_offsets"]?.array?.compactMap(\.int) ?? []
      var tensor = Tensor(
        name: name, shape: value["shape"]?.array?.compactMap(\.int) ?? [],
        bytes: file[8 + count + places[0]..<8 + count + places[1]])
      change(&tensor)
      tensors.set(
        name,
        to: [
          "dtype": "F32", "shape": .array(tensor.shape.map { JSONValue($0) }),
          "data_offsets": [JSONValue(body.count), JSONValue(body.count + tensor.bytes.count)],
        ])
      body += tensor.bytes
    }
    let text = Array(JSONValue.object(tensors).text().utf8)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) }
    _ = try folder.write(size + text + body, to: "model.safetensors")
    for name in ["vocab.json", "merges.txt"] {
      _ = try folder.write(try MappedFile(path: "\(Self.source)/\(name)").bytes.bytes(), to: name)
    }
    let configuration = String(
      decoding: try MappedFile(path: "\(Self.source)/config.json").bytes.bytes(), as: UTF8.self)
    var object = try JSONValue(parsing: configuration).object ?? [:]
    object.set("max_position_embeddings", to: JSONValue(positions))
    _ = try folder.write(Array(JSONValue.object(object).text().utf8), to: "config.json")
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(folder(""))), rate: .bits(16), threadCount: 1,
      kernels: .best
    ).convert(to: path)
  }
}
