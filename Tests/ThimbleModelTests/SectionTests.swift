import Testing
import Thimble
import ThimbleArchitecture
import ThimbleConvert
import ThimbleFormat
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// A file all of whose checksums are right, in which two sections do not fit each other.
struct SectionLie: CustomTestStringConvertible, Sendable {
  let name: String
  /// A part of the message that must name the lie.
  let message: String
  let change: @Sendable (inout FileParts) -> Void
  var testDescription: String { name }

  init(
    _ name: String, _ message: String, _ change: @escaping @Sendable (inout FileParts) -> Void
  ) {
    (self.name, self.message, self.change) = (name, message, change)
  }

  static let embeddings = "transformer.embeddings.weight"
  static let bias = "pred_layer.proj.bias"
  static let attention = "transformer.attentions.0"

  static let all: [SectionLie] = [
    SectionLie("tokens beyond the vocabulary", "has 683 tokens, \"vocab_size\" is 100") {
      $0.set("vocab_size", to: 100)
      $0.reshape(embeddings, to: [100, 64])
      $0.reshape(bias, to: [100])
    },
    SectionLie(
      "a mask that is another token", "\"mask_index\" is 7, the vocabulary has <special1> as 5"
    ) {
      $0.set("mask_index", to: 7)
    },
    SectionLie("an unknown token elsewhere", "\"unk_index\" is 4") { $0.set("unk_index", to: 4) },
    SectionLie("a mask beyond the vocabulary", "\"mask_index\" is 700") {
      $0.set("mask_index", to: 700)
    },
    SectionLie("other languages", "name other languages") {
      $0.set("lang2id", to: ["en": 0, "de": 1, "th": 2])
    },
    SectionLie("a language beyond the table", "\"lang2id.th\" is 3") {
      $0.set("lang2id", to: ["en": 0, "zh": 1, "th": 3])
    },
    SectionLie("more languages than rows", "lang_embeddings.weight\" is [3, 64]") {
      $0.set("n_langs", to: 4)
    },
    SectionLie("fewer positions than promised", "position_embeddings.weight\" is [80, 64]") {
      $0.reshape("transformer.position_embeddings.weight", to: [80, 64])
    },
    SectionLie("a missing tensor", "lacks 1 tensor: \(attention).q_lin.bias") {
      $0["\(attention).q_lin.bias"] = nil
    },
    SectionLie("a head's bias of another length", "\"\(bias)\" is [10]") {
      $0.reshape(bias, to: [10])
    },
    SectionLie("a matrix where a vector belongs", "layer_norm_emb.weight\" is [1, 64]") {
      $0.reshape("transformer.layer_norm_emb.weight", to: [1, 64])
    },
    SectionLie("fewer labels than rows", "summary.weight\" is [3, 64]") {
      $0.set("id2label", to: ["0": "no", "1": "yes"])
    },
    SectionLie("no labels", "summary.weight\" is [3, 64]") { $0.set("id2label", to: [:]) },
    SectionLie("a tensor of no such model", "\"transformer.extra\" belongs to no") {
      var seed: UInt64 = 1
      $0.tensors.append(FileParts.Tensor("transformer.extra", shape: [4], seed: &seed))
    },
    SectionLie("a layer too many", "attentions.1.q_lin.bias\" belongs to no") {
      var seed: UInt64 = 1
      $0.tensors.append(
        FileParts.Tensor("transformer.attentions.1.q_lin.bias", shape: [64], seed: &seed))
    },
    SectionLie("half a head", "\"classifier.weight\" is there without \"classifier.bias\"") {
      $0["classifier.bias"] = nil
    },
    SectionLie("an output matrix that is not there", "without \"pred_layer.proj.weight\"") {
      $0.set("tie_word_embeddings", to: false)
    },
    SectionLie("column factors of one of three", "query, key and value of layer 0 differ") {
      $0["\(attention).k_lin.weight"]?.columnFactors = 0
    },
    SectionLie("one of three in another kind", "query, key and value of layer 0 differ") {
      let floats = TensorShape.f32(name: "\(attention).v_lin.weight", rows: 64, columns: 64)
      var tensor = FileParts.Tensor(floats)
      tensor.chunks = [FileParts.Chunk(codes: [UInt8](repeating: 0, count: 64 * 64 * 4))]
      $0[floats.name] = tensor
    },
    SectionLie("heads that do not divide the width", "\"emb_dim\" is 64") {
      $0.set("n_heads", to: 5)
    },
    SectionLie("a thousand layers", "lacks 16368 tensors") { $0.set("n_layers", to: 1024) },
    SectionLie("another width", "others.") { $0.set("emb_dim", to: 128) },
    SectionLie("a name that steers terminals", "\"lang2id.\\u{1B}[31m\"") {
      $0.set("lang2id", to: ["\u{1B}[31m": 99])
    },
  ]
}

@Suite("What sections owe each other")
struct SectionTests {
  let folder = TemporaryFolder()

  static let parts: FileParts? = {
    let languages = ["en", "zh", "th"]
    guard let files = try? ModelCheckpoint.open(tinyCheckpoint).tokenizer,
      let tokenizer = try? TokenizerTables.build(
        from: files, lowercases: false, languages: languages)
    else { return nil }
    return try? FileParts(
      tokenizer: tokenizer, vocabularySize: files.tokenCount + 3, languages: languages)
  }()

  @Test("the mask may be another than the vocabulary's, if the checkpoint says so")
  func otherMask() throws {
    for name in ["config.json", "vocab.json", "merges.txt", "pytorch_model.bin"] {
      _ = try folder.write(MappedFile(path: "\(smallCheckpoint)/\(name)").bytes.bytes(), to: name)
    }
    _ = try folder.write(
      Array(#"{"mask_token": "<special2>"}"#.utf8), to: "special_tokens_map.json")
    let path = folder("masked.thimble")
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(folder.path)), rate: .bits(6), threadCount: 1,
      kernels: .best
    ).convert(to: path)
    let model = try LanguageModel(path: path, options: RunOptions(threads: 1))
    #expect(model.text.configuration.specialIDs.mask == 6)
    #expect(try model.fillMask("the <special2>") == model.fillMask("the <mask>"))
  }

  @Test("a file whose sections fit each other opens and runs")
  func sound() throws {
    let path = try folder.write(try #require(Self.parts).bytes(), to: "sound.thimble")
    let opened = try ModelFile(path: path)
    #expect(try opened.file.verify(pool: ComputePool(threadCount: 1), kernels: .underTest).isEmpty)
    let model = try LanguageModel(path: path, options: RunOptions(threads: 1))
    #expect(try model.fillMask("a <mask>").count == 1)
    let classifier = try TextClassifier(
      .file(path, options: RunOptions(threads: 1)))
    #expect(try classifier.classify([classifier.texts.input("a")])[0].count == 3)
  }

  @Test("a lie is found on opening, and named in a few words", arguments: SectionLie.all)
  func lie(lie: SectionLie) throws {
    var parts = try #require(Self.parts)
    lie.change(&parts)
    let path = try folder.write(parts.bytes(), to: "lie.thimble")
    #expect {
      _ = try ModelFile(path: path)
    } throws: { error in
      let text = "\(error)"
      return error is ModelError && text.contains(lie.message) && text.utf8.count < 4000
    }
  }

  @Test("damage to configuration or tokenizer is found on opening", arguments: [80, 4000])
  func damage(place: Int) throws {
    var bytes = try #require(Self.parts).bytes()
    bytes[place] ^= 1
    let path = try folder.write(bytes, to: "damaged.thimble")
    #expect {
      _ = try ModelFile(path: path)
    } throws: { "\($0)".contains("the checksum does not match") }
  }

  @Test("a file that an older converter wrote opens")
  func older() throws {
    let opened = try ModelFile(path: fixture("v1-tiny.thimble"))
    #expect(opened.file.tensors.count == 38)
  }
}
