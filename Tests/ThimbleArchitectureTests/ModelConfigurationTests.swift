import Testing
import ThimbleArchitecture
import ThimbleJSON

struct ModelConfigurationTests {
  private func parse(_ fields: JSONObject) throws -> ModelConfiguration {
    try ModelConfiguration(json: .object(fields))
  }

  @Test("an empty configuration has the defaults of Hugging Face")
  func defaults() throws {
    let configuration = try parse([:])
    #expect(configuration.embeddingSize == 2048)
    #expect(configuration.layerCount == 12)
    #expect(configuration.headCount == 16)
    #expect(configuration.feedForwardSize == 8192)
    #expect(configuration.vocabularySize == 30145)
    #expect(configuration.maxPositions == 512)
    #expect(configuration.layerNormEpsilon == 1e-12)
    #expect(configuration.activation == .gelu)
    #expect(configuration.usesLanguageEmbeddings && !configuration.hasLanguageEmbeddings)
    #expect(configuration.specialIDs.mask == 5)
    #expect(configuration.labels == ["LABEL_0", "LABEL_1"])
    #expect(configuration.summary.kind == .first && configuration.summary.usesProjection)
  }

  @Test("the 100-language model has its 571,696,960 parameters")
  func parameterCount() throws {
    let configuration = try parse([
      "emb_dim": 1280, "n_layers": 16, "n_heads": 16, "n_words": 200_000, "n_langs": 100,
      "use_lang_emb": false,
    ])
    let tensors = configuration.encoderSlots.tensors + configuration.tensors(of: .languageModel)
    #expect(tensors.reduce(0) { $0 + $1.elementCount } == 571_696_960)
    #expect(tensors.count == 4 + 16 * 16 + 1)
    #expect(configuration.headSize == 80)
  }

  @Test("training leftovers of any kind are ignored, and null is absent")
  func leftovers() throws {
    let fields: JSONObject = [
      "mlm_steps": [["en", nil]], "command": "python", "n_layers": nil, "stopping": ["a": [1.5]],
      "mask_token_id": 0, "pruned_heads": [:],
    ]
    #expect(try parse(fields) == parse([:]))
  }

  @Test("flags may be strings, as in early files")
  func lenientFlags() throws {
    let configuration = try parse(["gelu_activation": "false", "causal": "true", "asm": 0])
    #expect(configuration.activation == .relu)
    #expect(configuration.isCausal)
  }

  @Test("languages come in the order of their ids, from either map")
  func languages() throws {
    let byName = try parse(["lang2id": ["fr": 1, "en": 0], "n_langs": 2])
    let byID = try parse(["id2lang": ["1": "fr", "0": "en"], "n_langs": 2])
    #expect(byName == byID)
    #expect(byName.languages.map(\.name) == ["en", "fr"])
    #expect(byName.languageID("fr") == 1)
    #expect(byName.languageID("de") == nil)
    #expect(byName.hasLanguageEmbeddings)
  }

  @Test("FlauBERT is known by its type or, in early files, by its class")
  func flaubert() throws {
    let fields: JSONObject = [
      "model_type": "flaubert", "pre_norm": true, "layer_norm_eps": 1e-6, "layerdrop": 0.2,
      "mask_token_id": 0, "n_langs": 1, "use_lang_emb": true, "lang2id": ["fr": 0],
    ]
    let configuration = try parse(fields)
    #expect(configuration.family == .flaubert && configuration.isPreNorm)
    #expect(configuration.layerNormEpsilon == 1e-6 && configuration.specialIDs.mask == 5)
    #expect(!configuration.hasLanguageEmbeddings)
    #expect(ModelConfiguration.unknownFields(.object(fields), isOriginal: false) == [])
    let text = configuration.json.text()
    #expect(try ModelConfiguration(json: JSONValue(parsing: text)) == configuration)
    // Its tensors are those of XLM.
    let other = try parse([:])
    #expect(
      configuration.tensors(withHeads: HeadKind.allCases)
        == other.tensors(withHeads: HeadKind.allCases))
    #expect(other.family == .xlm && !other.isPreNorm)
    #expect(!other.json.text().contains("pre_norm"))
    #expect(try parse(["architectures": ["FlaubertModel"]]).family == .flaubert)
    for head in HeadKind.allCases {
      for family in ModelConfiguration.Family.allCases {
        #expect(HeadKind(className: head.className(in: family)) == head)
      }
    }
    #expect(HeadKind(className: "FlaubertModel") == nil)
    #expect(throws: ArchitectureError.self) { try parse(["model_type": "xlm", "pre_norm": true]) }
    #expect(throws: ArchitectureError.self) { try parse(["model_type": "flaubert", "asm": true]) }
  }

  @Test("what is written reads back as the same configuration")
  func roundTrip() throws {
    let configuration = try parse([
      "emb_dim": 96, "n_layers": 3, "n_heads": 6, "vocab_size": 77, "max_position_embeddings": 9,
      "n_langs": 2, "use_lang_emb": true, "lang2id": ["en": 0, "fr": 1], "layer_norm_eps": 1e-5,
      "causal": true, "gelu_activation": false, "tie_word_embeddings": false, "bos_index": 6,
      "eos_index": 7, "pad_index": 8, "unk_index": 9, "mask_index": 10,
      "id2label": ["0": "no", "1": "yes", "2": "maybe"], "summary_type": "mean",
      "problem_type": "multi_label_classification", "summary_use_proj": false,
      "summary_proj_to_labels": false, "summary_activation": "tanh", "start_n_top": 3,
      "end_n_top": 4,
    ])
    let text = configuration.json.text()
    #expect(try ModelConfiguration(json: JSONValue(parsing: text)) == configuration)
    #expect(configuration.labels == ["no", "yes", "maybe"])
  }

  static let refused: [(JSONObject, String)] = [
    (["model_type": "bert"], "\"model_type\" is \"bert\""),
    (["asm": true], "adaptive softmax"),
    (["use_memory": true], "product-key memory"),
    (["is_encoder": false], "only encoders"),
    (["pruned_heads": ["0": [1]]], "pruned"),
    (["emb_dim": 10, "n_heads": 3], "a multiple of \"n_heads\", 3"),
    (["emb_dim": 0], "an integer from 1"),
    (["emb_dim": 1_000_000_000_000], "an integer from 1"),
    (["n_layers": -1], "an integer from 1"),
    (["n_layers": 1.5], "an integer from 1"),
    (["n_words": "many"], "an integer from 1"),
    (["vocab_size": 5], "\"mask_index\" is 5"),
    (["pad_index": -1], "\"pad_index\" is -1"),
    (["layer_norm_eps": -1], "a number from 0 to 1"),
    (["layer_norm_eps": "1e-12"], "a number from 0 to 1"),
    (["causal": "perhaps"], "true or false"),
    (["lang2id": ["en": 0, "fr": 0]], "an id other than that of"),
    (["lang2id": ["en": "0"]], "an id, from 0"),
    (["lang2id": ["en": 0, "fr": 7], "n_langs": 2], "below \"n_langs\", 2"),
    (["id2label": ["0": "a", "2": "b"]], "every id from 0 on"),
    (["id2label": ["x": "a"]], "a name under an id"),
    (["summary_type": "median"], "one of \"first\""),
    (["problem_type": 1], "a string"),
  ]

  @Test("a configuration that makes no sense is refused with field and value", arguments: refused)
  func refusals(fields: JSONObject, message: String) {
    #expect {
      try parse(fields)
    } throws: {
      "\($0)".contains(message)
    }
  }
}
