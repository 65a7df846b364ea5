internal import ThimbleArchitecture
internal import ThimbleCheckpoint
internal import ThimbleJSON
internal import ThimbleText

/// Reads which tokens are split off texts, as transformers 4.57 does for its XLMTokenizer: from tokenizer_config.json, or,
/// where that has no "added_tokens_decoder", from special_tokens_map.json and added_tokens.json too.
struct AddedTokensReader {
  let source: CheckpointSource

  private static let settingsName = "tokenizer_config.json"
  private static let mapName = "special_tokens_map.json"
  private static let addedName = "added_tokens.json"

  /// Adds what the files say to `files`, and to its vocabulary the tokens that it lacks.
  func read(into files: inout TokenizerFiles) throws(ImportError) {
    var settings = source.tokenizerSettings?.object ?? JSONObject()
    let map = try readJSON(Self.mapName, in: source.folder)?.object ?? JSONObject()
    let later = try readJSON(Self.addedName, in: source.folder)?.object ?? JSONObject()
    var listed: [(id: Int, token: AddedTokenEntry)] = []
    if let decoder = settings["added_tokens_decoder"]?.object {
      for (key, value) in decoder {
        guard let id = Int(key), id >= 0 else {
          throw field(Self.settingsName, "added_tokens_decoder", found: key, wanted: "ids as keys")
        }
        listed.append((id, try entry(value, "added_tokens_decoder.\(key)", of: Self.settingsName)))
      }
      files.warnings += unread(later, map, listed, settings)
    } else {
      settings = merged(settings, map)
      let special = try SpecialTokenSettings(settings, self).names
      for (name, value) in later {
        guard let id = value.int, id >= 0 else {
          throw field(Self.addedName, name, found: "\(value)", wanted: "an id")
        }
        listed.append((id, AddedTokenEntry(name, isSpecial: special.contains(Array(name.utf8)))))
      }
    }
    try TokenAdder(
      settings: SpecialTokenSettings(settings, self), listed: listed,
      path: Path.join(source.folder, settings.isEmpty ? "vocab.json" : Self.settingsName),
      vocabularySize: source.configuration.vocabularySize
    ).add(to: &files)
  }

  /// What older versions of transformers would have read.
  private func unread(
    _ later: JSONObject, _ map: JSONObject, _ listed: [(id: Int, token: AddedTokenEntry)],
    _ settings: JSONObject
  ) -> [String] {
    let names = Set(listed.map(\.token.content))
    var warnings: [String] = []
    let unlisted = later.map(\.key).filter { !names.contains(Array($0.utf8)) }
    if !unlisted.isEmpty {
      warnings.append(
        "\(Self.addedName) has tokens that \(Self.settingsName) does not list, and they are not used, as with "
          + "Hugging Face: \(unlisted.joined(separator: ", ")).")
    }
    for (name, value) in map where name.hasSuffix("_token") {
      guard let mine = settings[name].flatMap(AddedTokenEntry.text),
        let other = AddedTokenEntry.text(value), mine != other
      else { continue }
      warnings.append(
        "\"\(name)\" is \(mine) in \(Self.settingsName) and \(other) in \(Self.mapName): the first is used, as with "
          + "Hugging Face.")
    }
    return warnings
  }

  /// The settings with what the map of special tokens says instead.
  private func merged(_ settings: JSONObject, _ map: JSONObject) -> JSONObject {
    var merged = settings
    for (name, value) in map {
      var value = value
      if name == "additional_special_tokens", let more = value.array {
        let first = settings[name]?.array ?? []
        value = .array(first + more.filter { !first.contains($0) })
      }
      merged.set(name, to: value)
    }
    return merged
  }

  /// A token as Hugging Face writes it: its spelling, or an object with that and flags.
  func entry(
    _ value: JSONValue, _ name: String, of file: String? = nil
  ) throws(ImportError) -> AddedTokenEntry {
    guard let entry = AddedTokenEntry(value) else {
      throw field(
        file ?? Self.settingsName, name, found: "\(value)",
        wanted: "a token, or an object with \"content\"")
    }
    return entry
  }

  private func field(
    _ file: String, _ name: String, found: String, wanted: String
  ) -> ImportError {
    .configuration(
      path: Path.join(source.folder, file),
      .field(name, found: String(found.prefix(60)), wanted: wanted))
  }
}

/// A token of the settings, with its flags.
struct AddedTokenEntry {
  let content: [UInt8]
  private(set) var marks: AddedToken.Marks = []
  let isSpecial: Bool
  /// Text is lower-cased before this token is looked for in it, and it with the text.
  let isNormalized: Bool

  init(_ content: String, isSpecial: Bool) {
    self.content = Array(content.utf8)
    self.isSpecial = isSpecial
    isNormalized = !isSpecial
  }

  init?(_ value: JSONValue) {
    guard let text = Self.text(value) else { return nil }
    content = Array(text.utf8)
    isSpecial = value["special"]?.bool ?? (value.string != nil)
    isNormalized = value["normalized"]?.bool ?? !isSpecial
    if value["lstrip"]?.bool == true { marks.insert(.stripsLeft) }
    if value["rstrip"]?.bool == true { marks.insert(.stripsRight) }
    if value["single_word"]?.bool == true { marks.insert(.singleWord) }
  }

  static func text(_ value: JSONValue) -> String? { value.string ?? value["content"]?.string }
}

/// Which tokens have a meaning of their own.
struct SpecialTokenSettings {
  /// By the names of Hugging Face, in its order; nil where a setting says that there is none.
  private var roles: [(name: String, token: AddedTokenEntry?)] = []
  let additional: [AddedTokenEntry]
  /// The names of settings that some file has.
  private let stated: Set<String>

  private static let standard = [
    ("bos_token", "<s>"), ("eos_token", nil), ("unk_token", "<unk>"), ("sep_token", "</s>"),
    ("pad_token", "<pad>"), ("cls_token", "</s>"), ("mask_token", "<special1>"),
  ]

  init(_ settings: JSONObject, _ reader: AddedTokensReader) throws(ImportError) {
    var stated: Set<String> = []
    for (name, standard) in Self.standard {
      switch settings[name] {
      case nil: roles.append((name, standard.map { AddedTokenEntry($0, isSpecial: true) }))
      case .null: roles.append((name, nil))
      case let value?:
        roles.append((name, try reader.entry(value, name)))
        stated.insert(name)
      }
    }
    var additional: [AddedTokenEntry] = []
    let list = "additional_special_tokens"
    switch settings[list] {
    case nil:
      additional = (0...9).map { AddedTokenEntry("<special\($0)>", isSpecial: true) }
    case .null: break
    case let value?:
      for value in value.array ?? [value] { additional.append(try reader.entry(value, list)) }
      stated.insert(list)
    }
    for (name, value) in settings["extra_special_tokens"]?.object ?? JSONObject() {
      additional.append(try reader.entry(value, name))
      stated.insert(list)
    }
    self.additional = additional
    self.stated = stated
  }

  subscript(role: String) -> AddedTokenEntry? { roles.first { $0.name == role }?.token }

  /// All of them, without repetitions, and whether a file names them.
  var tokens: [(token: AddedTokenEntry, isStated: Bool)] {
    var seen: Set<[UInt8]> = []
    let all =
      roles.compactMap { role in role.token.map { ($0, stated.contains(role.name)) } }
      + additional.map { ($0, stated.contains("additional_special_tokens")) }
    return all.filter { !$0.0.content.isEmpty && seen.insert($0.0.content).inserted }
  }

  var names: Set<[UInt8]> { Set(tokens.map(\.token.content)) }
}
