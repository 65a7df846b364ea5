import Testing
import ThimbleArchitecture
import ThimbleCheckpoint
import ThimbleImport
import ThimbleSystem
import ThimbleTestSupport

/// What belongs to a model lies in several files. Some of them may be missing, or contradict others.
struct ImportTests {
  /// A folder with copies of fixtures, under the names that the values say.
  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for (source, name) in files {
      _ = try folder.write(MappedFile(path: fixture("tiny/\(source)")).bytes.bytes(), to: name)
    }
    return folder
  }

  private func open(
    _ folder: TemporaryFolder, _ options: ImportOptions = ImportOptions()
  ) throws(ImportError) -> ModelCheckpoint {
    try withExtendedLifetime(folder) { () throws(ImportError) in
      try ModelCheckpoint.open(folder.path, options: options)
    }
  }

  /// What is said about a folder that cannot be opened.
  private func message(_ folder: TemporaryFolder) -> String {
    do {
      _ = try open(folder)
      return ""
    } catch {
      return error.description
    }
  }

  @Test("of several checkpoints in a directory the one that Hugging Face would take is read")
  func preference() throws {
    var files = ["config.json": "config.json", "pytorch_model.legacy.bin": "pytorch_model.bin"]
    #expect(try open(folder(files)).container == .torchLegacy)
    files["model.safetensors"] = "model.safetensors"
    #expect(try open(folder(files)).container == .safetensors)
    let original = ["xlm_original.pth": "best.pth", "merges.txt": "codes_en"]
    let checkpoint = try open(folder(original))
    #expect(checkpoint.tokenizer?.merges.count == 352)
    #expect(checkpoint.path.hasSuffix("/best.pth"))
  }

  @Test("a directory without a checkpoint is refused with what it has")
  func noCheckpoint() throws {
    let folder = try folder(["min.safetensors": "tf_model.h5"])
    #expect(message(folder).contains("Found tf_model.h5: weights for programs"))
    #expect(message(TemporaryFolder()).contains("no checkpoint in this folder"))
    #expect(throws: ImportError.self) { try ModelCheckpoint.open("/nowhere/at/all") }
  }

  @Test("weights without a configuration are refused, but for an original checkpoint")
  func noConfiguration() throws {
    let folder = try folder(["model.safetensors": "model.safetensors"])
    #expect(message(folder).contains("config.json is missing"))
  }

  @Test("a configuration that is no JSON is refused with its path and byte")
  func brokenConfiguration() throws {
    let folder = try folder(["model.safetensors": "model.safetensors"])
    _ = try folder.write(Array("{\"emb_dim\": 16,}".utf8), to: "config.json")
    #expect(message(folder).contains("config.json: JSON, byte 15"))
  }

  @Test("half a tokenizer is refused; none at all is a model without one")
  func tokenizerFiles() throws {
    var files = ["config.json": "config.json", "model.safetensors": "model.safetensors"]
    #expect(try open(folder(files)).tokenizer == nil)
    files["vocab.json"] = "vocab.json"
    #expect(message(try folder(files)).contains("merges.txt is missing"))
    #expect(try open(folder(["xlm_original.pth": "a.pth"])).tokenizer == nil)
  }

  @Test("several codes files are refused, unless one is named")
  func ambiguousCodes() throws {
    let folder = try folder(["xlm_original.pth": "a.pth", "merges.txt": "codes_en"])
    _ = try folder.write([], to: "codes_fr")
    #expect(message(folder).contains("codes_en, codes_fr: which is meant?"))
    let options = ImportOptions(mergesPath: folder("codes_en"))
    #expect(try open(folder, options).tokenizer != nil)
  }

  @Test("the settings of the tokenizer tell case and languages")
  func tokenizerSettings() throws {
    let files = [
      "model.headonly.safetensors": "model.safetensors", "vocab.json": "vocab.json",
      "merges.txt": "merges.txt",
    ]
    let folder = try folder(files)
    let configuration =
      #"{"emb_dim": 16, "n_layers": 2, "n_heads": 4, "vocab_size": 683, "#
      + #""max_position_embeddings": 32, "n_langs": 3}"#
    _ = try folder.write(Array(configuration.utf8), to: "config.json")
    let settings =
      #"{"do_lowercase_and_remove_accent": "true", "id2lang": {"0": "en", "1": "fr", "2": "zh"}}"#
    _ = try folder.write(Array(settings.utf8), to: "tokenizer_config.json")
    let checkpoint = try open(folder)
    #expect(checkpoint.tokenizer?.lowercases == true)
    #expect(checkpoint.configuration.languageID("zh") == 2)
    _ = try folder.write(Array("[]".utf8), to: "tokenizer_config.json")
    #expect(try open(folder).tokenizer?.lowercases == false)
  }
}
