internal import ThimbleText

/// Gives added tokens their ids, in the vocabulary or behind it.
struct TokenAdder {
  let settings: SpecialTokenSettings
  let listed: [(id: Int, token: AddedTokenEntry)]
  /// The file that messages name.
  let path: String
  let vocabularySize: Int

  func add(to files: inout TokenizerFiles) throws(ImportError) {
    let special = settings.tokens
    let baseCount = files.vocabulary.count
    let known = Self.ids(of: special.map(\.token) + listed.map(\.token), in: files.vocabulary)
    var ids = known
    var tokens: [(id: Int, token: AddedTokenEntry)] = []
    var seen: Set<[UInt8]> = []
    for (id, token) in listed where !token.content.isEmpty {
      guard seen.insert(token.content).inserted else {
        throw .vocabulary(path: path, .duplicateToken(name(token)))
      }
      guard ids[token.content, default: id] == id else {
        throw .vocabulary(
          path: path,
          .entry(
            reason:
              "the added token \"\(name(token))\" has the id \(id), but another one in the vocabulary."
          ))
      }
      ids[token.content] = id
      tokens.append((id, token))
    }
    // Special tokens that nobody has given an id get the next ones.
    var next = baseCount + tokens.count { known[$0.token.content] == nil }
    for (token, isStated) in special where !seen.contains(token.content) {
      if let id = ids[token.content] {
        tokens.append((id, token))
      } else if isStated || next < vocabularySize {
        ids[token.content] = next
        tokens.append((next, token))
        next += 1
      }
    }
    try extend(&files.vocabulary, by: tokens)
    let additional = Set(settings.additional.map(\.content))
    let names = settings.names
    let added = AddedTokens(
      tokens.map { id, token in
        let isSpecial = names.contains(token.content)
        var marks = token.marks
        if isSpecial { marks.insert(.special) }
        if isSpecial || !token.isSpecial && token.isNormalized { marks.insert(.keepsCase) }
        if !isSpecial || additional.contains(token.content) && id >= baseCount {
          marks.insert(.apart)
        }
        return AddedToken(token.content, id: id, marks)
      },
      beginning: id("bos_token", ids) ?? 0, separator: id("sep_token", ids) ?? 1,
      unknown: id("unk_token", ids) ?? 3, padding: id("pad_token", ids), mask: id("mask_token", ids)
    )
    files.mask = added.mask
    if !isStandard(added, ids) { files.added = added }
  }

  private func id(_ role: String, _ ids: [[UInt8]: Int]) -> Int? {
    settings[role].flatMap { ids[$0.content] }
  }

  private func name(_ token: AddedTokenEntry) -> String {
    String(decoding: token.content, as: UTF8.self)
  }

  /// The ids of those of `tokens` that the vocabulary has.
  private static func ids(
    of tokens: [AddedTokenEntry], in vocabulary: VocabularyList
  ) -> [[UInt8]: Int] {
    let wanted = Set(tokens.map(\.content))
    var ids: [[UInt8]: Int] = [:]
    let longest = wanted.map(\.count).max() ?? 0
    for index in 0..<vocabulary.count where vocabulary.tokens[index].count <= longest {
      let token = Array(vocabulary.tokens[index])
      if wanted.contains(token) { ids[token] = Int(vocabulary.ids[index]) }
    }
    return ids
  }

  /// Appends the tokens that are not in the vocabulary, if their ids are free and the model has them.
  private func extend(
    _ vocabulary: inout VocabularyList, by tokens: [(id: Int, token: AddedTokenEntry)]
  ) throws(ImportError) {
    var owners: [UInt32: [UInt8]] = [:]
    let wanted = Set(tokens.map { UInt32(clamping: $0.id) })
    for index in 0..<vocabulary.count where wanted.contains(vocabulary.ids[index]) {
      owners[vocabulary.ids[index]] = Array(vocabulary.tokens[index])
    }
    for (id, token) in tokens {
      guard id < vocabularySize else {
        throw .vocabulary(
          path: path, .id(token: name(token), found: Int64(id), vocabularySize: vocabularySize))
      }
      if let owner = owners[UInt32(id)] {
        guard owner == token.content else {
          throw .vocabulary(
            path: path,
            .duplicateID(id, tokens: [String(decoding: owner, as: UTF8.self), name(token)]))
        }
      } else {
        owners[UInt32(id)] = token.content
        vocabulary.append(token.content, id: id)
      }
    }
  }

  /// Whether tables without a list of added tokens say the same.
  private func isStandard(_ added: AddedTokens, _ ids: [[UInt8]: Int]) -> Bool {
    let standard = SpecialTokens.standardNames.map { Array($0.utf8) }
    let tokens = Set(added.tokens.map(\.content))
    return tokens.isSubset(of: standard)
      && standard.allSatisfy { ids[$0] == nil || tokens.contains($0) }
      && added.tokens.allSatisfy { $0.marks.subtracting(.keepsCase) == .special }
      && settings["bos_token"]?.content == standard[0]
      && settings["sep_token"]?.content == standard[1]
      && settings["pad_token"]?.content == standard[2]
      && settings["unk_token"]?.content == standard[3]
      && settings["mask_token"]?.content == standard[5]
  }
}
