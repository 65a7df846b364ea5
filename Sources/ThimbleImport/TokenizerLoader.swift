internal import ThimbleArchitecture
internal import ThimbleCheckpoint
internal import ThimbleJSON
internal import ThimbleSystem
internal import ThimbleText

/// Finds and reads the files of the tokenizer of a checkpoint.
struct TokenizerLoader {
  let source: CheckpointSource
  let options: ImportOptions

  /// - Returns: nil if the checkpoint comes without a tokenizer.
  func load() throws(ImportError) -> TokenizerFiles? {
    let mergesPath = try path(options.mergesPath, or: "merges.txt", orPrefix: "codes")
    // An original checkpoint always has its words inside, but its codes file may be lost.
    if mergesPath == nil, source.words != nil { return nil }
    let vocabulary = try self.vocabulary()
    guard let vocabulary, let mergesPath else {
      if vocabulary == nil, mergesPath == nil { return nil }
      let missing = vocabulary == nil ? "vocab.json" : "merges.txt"
      throw .missingFile(path: Path.join(source.folder, missing), purpose: "half of the tokenizer")
    }
    let file = try mapFile(mergesPath)
    let merges: MergeList
    do { merges = try MergesReader.read(file) } catch { throw .merges(path: mergesPath, error) }
    // Without a setting, Hugging Face lower-cases for XLM, does not for FlauBERT, and the originals do not. The vocabulary
    // knows.
    let kind = source.tokenizerKind
    let stated = try source.lowercases()
    let isCased = TokenizerFiles.isCased(vocabulary, merges)
    var files = TokenizerFiles(
      vocabulary: vocabulary, merges: merges,
      lowercases: options.lowercases ?? stated ?? !isCased,
      // Who says so knows better than the files.
      isCased: isCased && options.lowercases == nil, dictionaries: try dictionaries())
    files.kind = kind
    if files.lowercases, files.isCased {
      files.warnings.append(
        """
        "\(kind.lowercasingField)" is true, but the vocabulary was learnt from text with capitals\
        \(kind == .xlm ? " and accents" : ""). Text keeps them, as in training; only in the mode "hf" does it lose them, as \
        with Hugging Face.
        """)
    }
    if kind == .flaubert, files.lowercases, options.lowercases == nil, stated == nil {
      files.warnings.append(
        """
        "\(kind.lowercasingField)" is not there, and the vocabulary has no capitals: text is lower-cased. Hugging Face would \
        keep its capitals, which are unknown to the vocabulary.
        """)
    }
    if source.words == nil {
      files.warnings +=
        TokenizerWarnings(
          settings: source.tokenizerSettings?.object ?? JSONObject(), folder: source.folder,
          tokenizer: kind
        ).all
      try AddedTokensReader(source: source).read(into: &files)
    }
    return files
  }

  private func dictionaries() throws(ImportError) -> SegmentationDictionaries {
    SegmentationDictionaries(
      chinese: try dictionary(options.chineseDictionaryPath, ChineseDictionary.init(parsing:)),
      thai: try dictionary(options.thaiDictionaryPath, ThaiDictionary.init(parsing:)))
  }

  private func dictionary<Dictionary>(
    _ path: String?, _ parse: (Span<UInt8>) throws(TextError) -> Dictionary
  ) throws(ImportError) -> Dictionary? {
    guard let path else { return nil }
    let file = try mapFile(path)
    do { return try file.withSpan(parse) } catch { throw .dictionary(path: path, error) }
  }

  private func vocabulary() throws(ImportError) -> VocabularyList? {
    let size = source.configuration.vocabularySize
    if options.vocabularyPath == nil, let words = source.words {
      do {
        return try VocabularyReader.readDictionary(words, vocabularySize: size)
      } catch {
        throw .vocabulary(path: source.path, error)
      }
    }
    guard let path = try path(options.vocabularyPath, or: "vocab.json", orPrefix: "vocab") else {
      return nil
    }
    let file = try mapFile(path)
    do {
      return path.hasSuffix(".json")
        ? try VocabularyReader.readJSON(file, vocabularySize: size)
        : try VocabularyReader.readText(file, vocabularySize: size)
    } catch {
      throw .vocabulary(path: path, error)
    }
  }

  /// The path that the user gave; else the file called `name` beside the weights; else the one
  /// there whose name begins with `prefix`.
  private func path(
    _ given: String?, or name: String, orPrefix prefix: String
  ) throws(ImportError) -> String? {
    if let given { return given }
    let path = Path.join(source.folder, name)
    if kind(ofPath: path) == .file { return path }
    let names: [String]
    do { names = try listFolder(source.folder) } catch { throw .system(error) }
    let found = names.filter { $0.hasPrefix(prefix) }
    guard found.count <= 1 else {
      throw .ambiguousFiles(directory: source.folder, found)
    }
    return found.first.map { Path.join(source.folder, $0) }
  }
}
