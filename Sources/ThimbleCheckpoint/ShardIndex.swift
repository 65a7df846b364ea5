internal import ThimbleJSON
internal import ThimbleSystem

/// Reads the index of a checkpoint in several files: which tensor is in which.
enum ShardIndex {
  private static let maximumFileCount = 4096

  /// Opens the files that the index at `path` names.
  static func read(_ file: ByteView, path: String) throws(CheckpointError) -> Checkpoint {
    let map = try weightMap(file, path: path)
    var wanted: [String: [String]] = [:]
    for (name, file) in map { wanted[file, default: []].append(name) }
    guard wanted.count <= maximumFileCount else {
      throw .shards(path: path, .tooMany(count: wanted.count, limit: maximumFileCount))
    }
    let folder = Path.folder(of: path)
    var tensors: [CheckpointTensor] = []
    var places: [[UInt8]: String] = [:]
    var containers: [Checkpoint.Container] = []
    for file in wanted.keys.sorted() {
      let shard = try Checkpoint.openFile(Path.join(folder, file), allowsIndex: false)
      for tensor in shard.tensors {
        if let other = places.updateValue(file, forKey: Array(tensor.name.utf8)) {
          throw .shards(path: path, .duplicateTensor(name: tensor.name, files: [other, file]))
        }
      }
      for name in wanted[file, default: []] where places[Array(name.utf8)] != file {
        throw .shards(path: path, .missingTensor(name: name, file: file))
      }
      tensors += shard.tensors
      containers.append(shard.container)
    }
    return Checkpoint(
      path: path, container: containers[0], fileCount: containers.count, tensors: tensors,
      object: nil)
  }

  private static func weightMap(
    _ file: ByteView, path: String
  ) throws(CheckpointError) -> [(name: String, file: String)] {
    do throws(ShardFault) {
      let json: JSONValue
      do {
        json = try file.withSpan { span throws(JSONError) in try JSONValue(parsing: span) }
      } catch {
        throw ShardFault.index(reason: error.description)
      }
      guard let map = json["weight_map"]?.object, !map.isEmpty else {
        throw .index(
          reason:
            "it has no \"weight_map\". Name the folder of the checkpoint, or the file of its weights."
        )
      }
      var files: [(name: String, file: String)] = []
      for (name, value) in map {
        guard let file = value.string else {
          throw .index(reason: "the file of \"\(name)\" is not a string.")
        }
        guard Path.isPlainName(file) else { throw .fileName(file) }
        files.append((name, file))
      }
      return files
    } catch {
      throw .shards(path: path, error)
    }
  }
}
