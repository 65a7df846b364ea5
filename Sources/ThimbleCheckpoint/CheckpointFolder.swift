internal import ThimbleSystem

/// Finds the weights in a folder: as Hugging Face saves a model, as its cache has one, or any one file of weights.
enum CheckpointFolder {
  /// The path of the weights, or of the index of their files.
  static func weights(in folder: String) throws(CheckpointError) -> String {
    let folder = try snapshot(folder)
    for name in [
      "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
      "pytorch_model.bin.index.json",
    ] where kind(ofPath: Path.join(folder, name)) == .file {
      return Path.join(folder, name)
    }
    let names = try list(folder)
    let candidates = names.filter { isWeights($0) }
    if candidates.count == 1 { return Path.join(folder, candidates[0]) }
    let isSharded = candidates.contains { $0.contains("-of-0") }
    guard candidates.isEmpty || isSharded else {
      throw .severalWeights(directory: folder, candidates)
    }
    let below = names.prefix(1000).filter { name in
      kind(ofPath: Path.join(folder, name)) == .folder
        && (try? list(Path.join(folder, name)).contains { isWeights($0) || $0 == "snapshots" })
          == true
    }
    throw .noWeights(
      directory: folder,
      NearlyWeights(
        foreign: names.filter { name in foreignEndings.contains { name.hasSuffix($0) } },
        partial: names.filter { name in partialEndings.contains { name.hasSuffix($0) } },
        shards: isSharded ? candidates : [],
        adapters: names.filter { $0.hasPrefix("adapter_model.") },
        folders: Array(below)))
  }

  /// What a folder has that is no checkpoint, but could be meant as one.
  private static let foreignEndings = [
    ".h5", ".msgpack", ".onnx", ".ot", ".tflite", ".gguf", ".ckpt.index",
  ]
  private static let partialEndings = [".incomplete", ".part", ".partial", ".crdownload", ".aria2"]

  private static func isWeights(_ name: String) -> Bool {
    // What training leaves beside the weights.
    let others = [
      "optimizer", "scheduler", "training_args", "rng_state", "random_states", "scaler",
      "adapter_model",
    ]
    return [".safetensors", ".pth", ".bin", ".pt", ".ckpt"].contains { name.hasSuffix($0) }
      && !others.contains { name.hasPrefix($0) }
  }

  private static func list(_ folder: String) throws(CheckpointError) -> [String] {
    do { return try listFolder(folder) } catch { throw .system(error) }
  }

  /// The snapshot that the cache of huggingface_hub would use; any other folder itself.
  private static func snapshot(_ folder: String) throws(CheckpointError) -> String {
    let snapshots = Path.join(folder, "snapshots")
    guard kind(ofPath: snapshots) == .folder else { return folder }
    let main = Path.join(Path.join(folder, "refs"), "main")
    if kind(ofPath: main) == .file, let bytes = try? MappedFile(path: main).bytes,
      bytes.count < 256,
      let revision = bytes.utf8String()?.split(whereSeparator: \.isWhitespace).first.map(
        String.init),
      Path.isPlainName(revision), kind(ofPath: Path.join(snapshots, revision)) == .folder
    {
      return Path.join(snapshots, revision)
    }
    let revisions = try list(snapshots)
    guard revisions.count == 1 else { throw .snapshots(directory: snapshots, revisions) }
    return Path.join(snapshots, revisions[0])
  }
}

/// What is in a folder without weights that somebody may take for them.
public struct NearlyWeights: Sendable, Equatable {
  /// Weights of other programs.
  public var foreign: [String] = []
  /// Downloads that have not ended.
  public var partial: [String] = []
  /// Parts of weights whose index is missing.
  public var shards: [String] = []
  /// Weights to be added to those of another model.
  public var adapters: [String] = []
  /// Folders that do have weights.
  public var folders: [String] = []

  var description: String {
    var text = ""
    if !foreign.isEmpty {
      text +=
        " Found \(foreign.printable(count: 8)): weights for programs other than PyTorch, which cannot be read. "
        + "Download model.safetensors or pytorch_model.bin of the model."
    }
    if !partial.isEmpty {
      text +=
        " Found \(partial.printable(count: 8)): an unfinished download. Download it again."
    }
    if !shards.isEmpty {
      text +=
        " Found \(shards.printable(count: 8)), but not their index, such as model.safetensors.index.json."
    }
    if !adapters.isEmpty {
      text +=
        " Found \(adapters.printable(count: 8)): an adapter. Merge it into its model, and save that."
    }
    if !folders.isEmpty {
      text += " Some folders in it have weights: \(folders.printable(count: 8)). Name one of them."
    }
    return text
  }
}
