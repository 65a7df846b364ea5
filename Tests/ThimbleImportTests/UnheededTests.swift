import Testing
import ThimbleArchitecture
import ThimbleCheckpoint
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

/// Whatever a checkpoint says is heeded, known to change nothing, warned about, or refused.
struct UnheededTests {
  @Test(
    "another computation is refused with its reason",
    arguments: [
      (["pre_norm": true], "XLM normalises the outputs"), (["is_decoder": true], "encoders"),
      (["quantization_config": ["bits": 4]], "quantised already"),
      (["add_cross_attention": true], "encoders"), (["asm": "True"], "adaptive softmax"),
    ] as [(JSONObject, String)])
  func refused(fields: JSONObject, reason: String) throws {
    let checkpoint = try ZeroCheckpoint()
    var all: JSONObject = ["emb_dim": 4, "n_layers": 1, "n_heads": 2, "vocab_size": 683]
    for (name, value) in fields { all.set(name, to: value) }
    try checkpoint.write("config.json", .object(all))
    #expect(checkpoint.message().contains(reason))
  }

  @Test("an original checkpoint that normalises inputs is refused")
  func preNorm() throws {
    // A parameter of another name becomes this one: a length of four bytes stands before it.
    func key(_ name: String) -> [UInt8] { [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8) }
    var bytes = try bytes(fixture("tiny/xlm_original.pth"))
    let range = try #require(bytes.firstRange(of: key("gelu_activation")))
    bytes.replaceSubrange(range, with: key("pre_norm"))
    let folder = TemporaryFolder()
    let path = try folder.write(bytes, to: "model.pth")
    #expect {
      try ModelCheckpoint.open(path)
    } throws: { "\($0)".contains("\"pre_norm\" is true") }
  }

  @Test("unknown fields are named once; those of training are not")
  func unknown() throws {
    let opened = try ZeroCheckpoint([
      "layerdrop": 0.1, "rotary_base": 10000, "transformers_version": "4.57.6", "rope": .null,
    ]).open()
    #expect(opened.warnings.count == 1)
    #expect(opened.warnings[0].contains("rotary_base"))
    #expect(!opened.warnings[0].contains("layerdrop") && !opened.warnings[0].contains("rope,"))
    #expect(try ModelCheckpoint.open(fixture("tiny/xlm_original.pth")).warnings == [])
  }

  @Test(
    "a head is found without a warning, and multiple choice is no classifier",
    arguments: [
      HeadKind.tokenClassification, .questionAnswering, .beamQuestionAnswering, .multipleChoice,
    ])
  func heads(head: HeadKind) throws {
    let opened = try ZeroCheckpoint(
      ["architectures": [.string(head.rawValue)]], heads: [head]
    ).open()
    #expect(opened.heads == [head])
    #expect(opened.warnings == [])
  }

  @Test("a head that the configuration names and nobody finds is told")
  func missingHead() throws {
    let opened = try ZeroCheckpoint(
      ["architectures": ["XLMForTokenClassification"]], heads: []
    ).open()
    #expect(opened.warnings.count == 1 && opened.warnings[0].contains("are not there"))
  }

  @Test(
    "what wrappers put before names is taken off, in any order",
    arguments: [
      "_orig_mod.", "model.", "module.module.", "module._orig_mod.", "model.model.", "net.module.",
      "_forward_module.model._orig_mod.",
    ])
  func prefixes(prefix: String) throws {
    let opened = try ZeroCheckpoint(prefix: prefix).open()
    #expect(opened.heads == [.languageModel] && opened.ignored.isEmpty)
  }

  @Test("other names are quoted beside those that are wanted")
  func otherNames() throws {
    let message = try ZeroCheckpoint(prefix: "teacher.").message()
    #expect(message.contains("are missing: transformer.embeddings.weight"))
    #expect(message.contains("are called: teacher.pred_layer.proj.bias"))
    #expect(message.contains("more") && message.count < 1500)
  }
}

/// What users name instead of a checkpoint.
struct CheckpointFolderTests {
  private func message(_ path: String) -> String {
    do {
      _ = try ModelCheckpoint.open(path)
      return ""
    } catch { return "\(error)" }
  }

  private func filled(_ names: [String]) throws -> TemporaryFolder {
    let folder = TemporaryFolder()
    for name in names { _ = try folder.write([1, 2, 3], to: name) }
    return folder
  }

  @Test(
    "a folder says what it has and what to do",
    arguments: [
      (["a.pth", "b.pth"], "several files have weights: a.pth, b.pth. Name the file."),
      (["tf_model.h5", "config.json"], "weights for programs other than PyTorch"),
      (["flax_model.msgpack"], "Download model.safetensors or pytorch_model.bin"),
      (["model.safetensors.incomplete"], "an unfinished download"),
      (
        ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], "not their index"
      ),
      (["adapter_model.safetensors"], "an adapter"), ([], "no checkpoint in this folder"),
    ])
  func folders(names: [String], wanted: String) throws {
    let folder = try filled(names)
    #expect(message(folder.path).contains(wanted))
  }

  @Test("the only file of weights is taken whatever its name, training's own files aside")
  func onlyOne() throws {
    let folder = try filled(["optimizer.pt", "training_args.bin"])
    _ = try folder.write(bytes(fixture("tiny/xlm_original.pth")), to: "xlm.ckpt")
    #expect(try ModelCheckpoint.open(folder.path).path.hasSuffix("/xlm.ckpt"))
  }

  @Test("a folder of the cache leads to its current snapshot")
  func cache() throws {
    let folder = TemporaryFolder()
    let (refs, snapshots) = (folder("refs"), folder("snapshots"))
    for path in [refs, snapshots, "\(snapshots)/a1", "\(snapshots)/b2"] { try makeFolder(path) }
    defer {
      removePath("\(refs)/main")
      removePath("\(snapshots)/a1/m.pth")
      for path in ["\(snapshots)/a1", "\(snapshots)/b2"] { removePath(path) }
    }
    _ = try folder.write(bytes(fixture("tiny/xlm_original.pth")), to: "snapshots/a1/m.pth")
    #expect(message(folder.path).contains("several versions of the model: a1, b2"))
    _ = try folder.write(Array("a1\n".utf8), to: "refs/main")
    #expect(try ModelCheckpoint.open(folder.path).path.hasSuffix("/snapshots/a1/m.pth"))
  }

  @Test("a file that is another than it should be says what it is")
  func otherFiles() throws {
    let checkpoint = try ZeroCheckpoint()
    #expect(message(checkpoint.folder("config.json")).contains("Name the folder"))
    _ = try checkpoint.folder.write(
      Array("version https://git-lfs.github.com/spec/v1\n".utf8), to: "vocab.json")
    #expect(checkpoint.message().contains("vocab.json: a Git LFS pointer"))
    _ = try checkpoint.folder.write(Array("<!DOCTYPE html>".utf8), to: "config.json")
    #expect(checkpoint.message().contains("config.json: a web page"))
  }
}
