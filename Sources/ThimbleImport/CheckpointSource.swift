internal import ThimbleArchitecture
internal import ThimbleCheckpoint
internal import ThimbleJSON
internal import ThimbleSystem
internal import ThimbleText

/// Where the parts of a model are: in files beside the weights, or all in an original checkpoint.
struct CheckpointSource {
  let path: String
  /// The directory of the weights.
  let folder: String
  let tensors: [CheckpointTensor]
  let configuration: ModelConfiguration
  /// The dictionary from id to word of an original checkpoint.
  let words: PickledValue?
  /// What the configuration says that is not heeded.
  let warnings: [String]
  /// The classes of Hugging Face that the configuration names.
  let architectures: [String]
  /// What tokenizer_config.json says, if it is there.
  let tokenizerSettings: JSONValue?

  init(_ checkpoint: Checkpoint) throws(ImportError) {
    path = checkpoint.path
    folder = Path.folder(of: path)
    let object = checkpoint.object
    words = object?["dico_id2word"]
    tensors = try Self.tensors(checkpoint)
    tokenizerSettings = try readJSON("tokenizer_config.json", in: folder)

    var settings: JSONValue
    var settingsSource = path
    let isOriginal = checkpoint.tensors.isEmpty && object?["params"]?.isDictionary == true
    if isOriginal, let parameters = object?["params"] {
      settings = Self.settings(parameters, tensors: tensors, words: words)
    } else {
      settingsSource = Path.join(folder, "config.json")
      guard kind(ofPath: settingsSource) != .nothing else {
        throw .missingFile(path: settingsSource, purpose: "the configuration of the model")
      }
      settings = try readJSON(settingsSource)
    }
    let unknown = ModelConfiguration.unknownFields(settings, isOriginal: isOriginal)
    warnings =
      unknown.isEmpty
      ? []
      : [
        "\(isOriginal ? "the parameters say" : "config.json says") what is not known and is ignored: "
          + "\(unknown.printable()). If it changes what the model computes, the results are wrong."
      ]
    architectures = (settings["architectures"]?.array ?? []).compactMap(\.string)
    Self.addLanguages(to: &settings, from: tokenizerSettings)
    do {
      configuration = try ModelConfiguration(json: settings)
    } catch {
      throw .configuration(path: settingsSource, error)
    }
  }

  /// Whose rules texts are split by: like Hugging Face, the settings of the tokenizer are asked before those of the model.
  var tokenizerKind: TokenizerTables.Kind {
    switch tokenizerSettings?["tokenizer_class"]?.string {
    case "FlaubertTokenizer": .flaubert
    case "XLMTokenizer": .xlm
    default: configuration.family == .flaubert ? .flaubert : .xlm
    }
  }

  /// Whether the tokenizer lower-cases; nil if its settings do not say.
  func lowercases() throws(ImportError) -> Bool? {
    let name = tokenizerKind.lowercasingField
    switch tokenizerSettings?[name] {
    case nil, .null: return nil
    case .bool(let flag): return flag
    // As strings in early files of Hugging Face.
    case .string("true"), .string("True"): return true
    case .string("false"), .string("False"): return false
    case let other?:
      throw .configuration(
        path: Path.join(folder, "tokenizer_config.json"),
        .field(name, found: "\(other)", wanted: "true or false"))
    }
  }

  private static func tensors(_ checkpoint: Checkpoint) throws(ImportError) -> [CheckpointTensor] {
    if !checkpoint.tensors.isEmpty { return checkpoint.tensors }
    let object = checkpoint.object
    if object?["encoder"] != nil, object?["decoder"] != nil {
      throw .noModel(
        path: checkpoint.path,
        reason: "an encoder and decoder for translation; only encoders are supported.")
    }
    let models = ["model", "state_dict", "model_state_dict"].compactMap { object?[$0] }
    guard let model = models.first(where: \.isDictionary) else {
      let keys = object?.entries.prefix(100).compactMap(\.key.string) ?? []
      throw .noModel(
        path: checkpoint.path,
        reason: "neither a dictionary of tensors nor an original checkpoint with its \"model\". "
          + "Found: \(keys.printable(count: 8)).")
    }
    do { return try model.tensors() } catch { throw .checkpoint(error) }
  }

  /// The parameters of an original checkpoint under the names of Hugging Face.
  private static func settings(
    _ parameters: PickledValue, tensors: [CheckpointTensor], words: PickledValue?
  ) -> JSONValue {
    var object = JSONObject()
    for (key, value) in parameters.entries {
      if let key = key.string { object.set(key, to: json(value)) }
    }
    // The original has the number of positions in its code, and counts the words when it loads.
    let positions = tensors.first {
      TensorName.canonical($0.name) == TensorName.positionEmbedding
    }
    if let rows = positions?.shape.first {
      object.set("max_position_embeddings", to: JSONValue(rows))
    }
    if let words { object.set("n_words", to: JSONValue(words.entryCount)) }
    if let shared = object["share_inout_emb"] { object.set("tie_word_embeddings", to: shared) }
    return .object(object)
  }

  /// What JSON can say of a value, with dictionaries one level deep; null for all else.
  private static func json(_ value: PickledValue, nests: Bool = true) -> JSONValue {
    if let bool = value.bool { return .bool(bool) }
    if let integer = value.integer { return .integer(integer) }
    if let double = value.double { return .number(double) }
    if let string = value.string { return .string(string) }
    guard nests, value.isDictionary else { return .null }
    var object = JSONObject()
    for (key, value) in value.entries {
      guard let name = key.string ?? key.integer.map({ "\($0)" }) else { continue }
      object.set(name, to: json(value, nests: false))
    }
    return .object(object)
  }

  /// Some configurations leave the languages to the settings of the tokenizer.
  private static func addLanguages(
    to settings: inout JSONValue, from tokenizerSettings: JSONValue?
  ) {
    guard var object = settings.object, object["lang2id"] == nil, object["id2lang"] == nil else {
      return
    }
    for name in ["lang2id", "id2lang"] {
      if let value = tokenizerSettings?[name] { object.set(name, to: value) }
    }
    settings = .object(object)
  }
}

extension TokenizerTables.Kind {
  /// What says in the settings whether text is lower-cased.
  var lowercasingField: String {
    self == .flaubert ? "do_lowercase" : "do_lowercase_and_remove_accent"
  }
}

func mapFile(_ path: String) throws(ImportError) -> ByteView {
  let file: ByteView
  do { file = try MappedFile(path: path).bytes } catch { throw .system(error) }
  // What downloads leave in the place of any file.
  if let foreign = ForeignFile(file), [.gitLFSPointer, .html].contains(foreign) {
    throw .checkpoint(.foreign(path: path, foreign))
  }
  return file
}

/// Parses the JSON file `name` of `folder`; nil if there is none.
func readJSON(_ name: String, in folder: String) throws(ImportError) -> JSONValue? {
  let path = Path.join(folder, name)
  return kind(ofPath: path) == .nothing ? nil : try readJSON(path)
}

/// Parses the JSON file at `path`.
func readJSON(_ path: String) throws(ImportError) -> JSONValue {
  let file = try mapFile(path)
  // A hundred times what honest ones have; each byte may take fifty of memory.
  let limit = 4 << 20
  guard file.count <= limit else {
    throw .tooLarge(path: path, byteCount: file.count, limit: limit)
  }
  if let foreign = ForeignFile(file) { throw .checkpoint(.foreign(path: path, foreign)) }
  do {
    return try file.withSpan { span throws(JSONError) in try JSONValue(parsing: span) }
  } catch {
    throw .json(path: path, error)
  }
}
