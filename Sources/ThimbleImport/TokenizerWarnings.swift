internal import ThimbleArchitecture
internal import ThimbleCheckpoint
internal import ThimbleJSON
internal import ThimbleSystem
internal import ThimbleText

/// What the settings of a tokenizer ask for that it does not do here.
struct TokenizerWarnings {
  let settings: JSONObject
  let folder: String
  /// Whose tokenizer it is.
  let tokenizer: TokenizerTables.Kind

  var all: [String] {
    var warnings: [String] = []
    if let name = settings["tokenizer_class"]?.string,
      !Self.classes.contains(name)
    {
      warnings.append(
        "\(Self.file) says \(name): text is split as by \(tokenizer == .xlm ? "XLM" : "Flaubert")Tokenizer, which may give other "
          + "tokens.")
    }
    for other in TokenizerTables.Kind.allCases where other != tokenizer {
      let field = other.lowercasingField
      if settings[field] == true {
        warnings.append(
          "\(Self.file) says \"\(field)\": true, which is ignored, as by Hugging Face.")
      }
    }
    for (name, value, consequence) in Self.refused where settings[name] == value {
      warnings.append(
        "\(Self.file) says \"\(name)\": \(value), which is ignored: \(consequence).")
    }
    let unknown = settings.map(\.key).filter { !Self.known.contains($0) }
    if !unknown.isEmpty {
      warnings.append("\(Self.file) says what is not known and is ignored: \(unknown.printable()).")
    }
    if kind(ofPath: Path.join(folder, "tokenizer.json")) != .nothing {
      warnings.append(
        "tokenizer.json is not read: the tokenizer is that of vocab.json and merges.txt.")
    }
    return warnings
  }

  private static let file = "tokenizer_config.json"
  private static let classes = [
    "XLMTokenizer", "XLMTokenizerFast", "FlaubertTokenizer", "AutoTokenizer", "PreTrainedTokenizer",
  ]

  private static let refused: [(String, JSONValue, String)] = [
    ("split_special_tokens", true, "special tokens in texts are found"),
    ("truncation_side", "left", "a text is cut at its end, unless one asks otherwise"),
    ("add_bos_token", false, "every text gets both its ends"),
    ("add_eos_token", false, "every text gets both its ends"),
  ]

  private static let known: Set<String> = [
    "do_lowercase_and_remove_accent", "do_lowercase", "lang2id", "id2lang", "added_tokens_decoder",
    "bos_token",
    "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    "additional_special_tokens", "extra_special_tokens", "tokenizer_class", "split_special_tokens",
    "truncation_side", "add_bos_token", "add_eos_token", "use_fast",
    // Without effect on ids: lengths, padding, and what Hugging Face notes for itself.
    "model_max_length", "max_len", "max_length", "padding_side", "pad_to_multiple_of",
    "pad_token_type_id", "stride", "truncation", "truncation_strategy", "name_or_path",
    "special_tokens_map_file", "tokenizer_file", "clean_up_tokenization_spaces", "auto_map",
    "model_input_names", "processor_class", "verbose", "model_type", "chat_template",
    "do_lower_case",
    "init_inputs", "return_token_type_ids",
  ]
}
