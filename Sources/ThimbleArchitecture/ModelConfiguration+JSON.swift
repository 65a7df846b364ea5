public import ThimbleJSON

extension ModelConfiguration {
  // Far above every real model, and low enough for the size of any tensor to fit an Int.
  private static let sizes = 1...(1 << 20)
  private static let vocabularySizes = 1...(1 << 26)
  private static let layerCounts = 1...1024
  /// Each start of a beam search costs a pass of its own over the sequence.
  private static let beamWidths = 1...100

  /// Understands a Hugging Face `config.json`, the parameters of an original checkpoint, or `json`.
  ///
  /// Absent fields have the defaults of Hugging Face, which are the same for XLM and FlauBERT; `unknownFields` tells those
  /// that are not heeded.
  ///
  /// - Throws: `ArchitectureError` if the model is no encoder of the family of XLM, or a field makes no sense.
  public init(json: JSONValue) throws(ArchitectureError) {
    guard let object = json.object else { throw .notAnObject }
    let reader = ConfigurationReader(object: object)
    family = try Self.family(reader)
    try Self.refuseOtherComputations(reader, family)
    embeddingSize = try reader.integer("emb_dim", default: 2048, in: Self.sizes)
    layerCount = try reader.integer("n_layers", default: 12, in: Self.layerCounts)
    headCount = try reader.integer("n_heads", default: 16, in: Self.sizes)
    guard embeddingSize % headCount == 0 else {
      throw .field(
        "emb_dim", found: "\(embeddingSize)", wanted: "a multiple of \"n_heads\", \(headCount)")
    }
    vocabularySize = try reader.integer(
      "vocab_size", "n_words", default: 30145, in: Self.vocabularySizes)
    maxPositions = try reader.integer("max_position_embeddings", default: 512, in: Self.sizes)
    languageCount = try reader.integer("n_langs", default: 1, in: 0...Self.sizes.upperBound)
    usesLanguageEmbeddings = try reader.flag("use_lang_emb", default: true)
    layerNormEpsilon = try Self.epsilon(reader)
    isCausal = try reader.flag("causal", default: false)
    activation = try reader.flag("gelu_activation", default: true) ? .gelu : .relu
    isPreNorm = try reader.flag("pre_norm", default: false)
    tiesOutputEmbedding = try reader.flag("tie_word_embeddings", default: true)
    specialIDs = try SpecialIDs(reader, vocabularySize: vocabularySize)
    languages = try Self.languages(reader)
    labels = try Self.labels(reader)
    problemType = try reader.choice("problem_type", wanted: "the name of a problem type")
    summary = try Summary(reader)
    startTopCount = try reader.integer("start_n_top", default: 5, in: Self.beamWidths)
    endTopCount = try reader.integer("end_n_top", default: 5, in: Self.beamWidths)
    try checkLanguages()
  }

  /// The configuration in the field names of Hugging Face. `init(json:)` reads it back unchanged.
  public var json: JSONValue {
    var object: JSONObject = [
      "model_type": .string(family.rawValue), "emb_dim": JSONValue(embeddingSize),
      "n_layers": JSONValue(layerCount),
      "n_heads": JSONValue(headCount), "vocab_size": JSONValue(vocabularySize),
      "max_position_embeddings": JSONValue(maxPositions), "n_langs": JSONValue(languageCount),
      "use_lang_emb": JSONValue(usesLanguageEmbeddings),
      "layer_norm_eps": JSONValue(layerNormEpsilon), "causal": JSONValue(isCausal),
      "gelu_activation": JSONValue(activation == .gelu),
      "tie_word_embeddings": JSONValue(tiesOutputEmbedding),
    ]
    // Readers of files of XLM may not know the field.
    if isPreNorm { object.set("pre_norm", to: true) }
    for (name, path) in SpecialIDs.fields {
      object.set(name, to: JSONValue(specialIDs[keyPath: path]))
    }
    var ids = JSONObject()
    for language in languages { ids.set(language.name, to: JSONValue(language.id)) }
    object.set("lang2id", to: .object(ids))
    var names = JSONObject()
    for (id, label) in labels.enumerated() { names.set("\(id)", to: .string(label)) }
    object.set("id2label", to: .object(names))
    object.set("problem_type", to: problemType.map { .string($0.rawValue) } ?? .null)
    object.set("summary_type", to: .string(summary.kind.rawValue))
    object.set("summary_use_proj", to: .bool(summary.usesProjection))
    object.set("summary_proj_to_labels", to: .bool(summary.projectsToLabels))
    object.set("summary_activation", to: summary.activation.map { .string($0) } ?? .null)
    object.set("start_n_top", to: JSONValue(startTopCount))
    object.set("end_n_top", to: JSONValue(endTopCount))
    return .object(object)
  }

  /// Early configurations have no type, but name a class.
  private static func family(_ reader: ConfigurationReader) throws(ArchitectureError) -> Family {
    guard let model = try reader.text("model_type") else {
      let first = reader.value(["architectures"])?.value.array?.first?.string
      return first?.hasPrefix(Family.flaubert.classPrefix) == true ? .flaubert : .xlm
    }
    guard let family = Family(rawValue: model) else {
      throw .unsupported(
        field: "model_type", found: JSONValue.string(model).brief,
        reason: "Thimble runs models of the types \"xlm\" and \"flaubert\" only.")
    }
    return family
  }

  private static func epsilon(_ reader: ConfigurationReader) throws(ArchitectureError) -> Double {
    guard let (name, value) = reader.value(["layer_norm_eps"]) else { return 1e-12 }
    guard let epsilon = value.double, epsilon >= 0, epsilon <= 1 else {
      throw reader.field(name, value, wanted: "a number from 0 to 1")
    }
    return epsilon
  }

  private static func languages(
    _ reader: ConfigurationReader
  ) throws(ArchitectureError) -> [Language] {
    var names = try reader.names(withIDs: "lang2id")
    if names == nil { names = try reader.names(underIDs: "id2lang") }
    return (names ?? []).map { Language(name: $0.name, id: $0.id) }
  }

  private static func labels(_ reader: ConfigurationReader) throws(ArchitectureError) -> [String] {
    guard let names = try reader.names(underIDs: "id2label") else {
      let count = try reader.integer("num_labels", default: 2, in: 1...65_536)
      return (0..<count).map { "LABEL_\($0)" }
    }
    guard names.last.map({ $0.id == names.count - 1 }) ?? true else {
      throw .field(
        "id2label", found: "without an id below \(names.count)",
        wanted: "one name for every id from 0 on")
    }
    return names.map(\.name)
  }

  private func checkLanguages() throws(ArchitectureError) {
    guard hasLanguageEmbeddings, let last = languages.last, last.id >= languageCount else { return }
    throw .field(
      "lang2id.\(last.name)", found: "\(last.id)", wanted: "below \"n_langs\", \(languageCount)")
  }
}

extension ModelConfiguration.SpecialIDs {
  public static var fields: [(name: String, path: WritableKeyPath<Self, Int>)] {
    [
      ("bos_index", \.beginning), ("eos_index", \.end), ("pad_index", \.padding),
      ("unk_index", \.unknown), ("mask_index", \.mask),
    ]
  }

  init(_ reader: ConfigurationReader, vocabularySize: Int) throws(ArchitectureError) {
    for (name, path) in Self.fields {
      self[keyPath: path] = try reader.integer(
        name, default: self[keyPath: path], in: 0...(vocabularySize - 1))
      guard self[keyPath: path] < vocabularySize else {
        throw .field(
          name, found: "\(self[keyPath: path])", wanted: "below \"vocab_size\", \(vocabularySize)")
      }
    }
  }
}

extension ModelConfiguration.Summary {
  init(_ reader: ConfigurationReader) throws(ArchitectureError) {
    let kinds = Kind.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    kind = try reader.choice("summary_type", wanted: "one of \(kinds)") ?? .first
    usesProjection = try reader.flag("summary_use_proj", default: true)
    projectsToLabels = try reader.flag("summary_proj_to_labels", default: true)
    activation = try reader.text("summary_activation")
  }
}
