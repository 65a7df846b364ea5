import Testing
import ThimbleTestSupport
import ThimbleText

/// Merges made up at random, against the loop of XLMTokenizer.bpe.
struct MergeTests {
  /// Merges of parts that earlier merges made, or that none makes, in any order of ranks.
  private static func merges(_ random: inout SeededRandom) -> [(left: String, right: String)] {
    var parts = ["a", "b", "é"]
    var merges: [(left: String, right: String)] = []
    for _ in 0..<Int.random(in: 1...40, using: &random) {
      let left = parts.randomElement(using: &random) ?? "a"
      let right = parts.randomElement(using: &random) ?? "b"
      let ends = Int.random(in: 0..<4, using: &random) == 0
      guard left.utf8.count + right.utf8.count < 60,
        !merges.contains(where: { $0 == (left, ends ? right + "</w>" : right) })
      else { continue }
      merges.append((left, ends ? right + "</w>" : right))
      if !ends { parts.append(left + right) }
    }
    if Bool.random(using: &random) { merges.shuffle(using: &random) }
    return merges
  }

  /// One round for each lowest rank, which merges the pair wherever it occurs.
  private static func merged(_ text: String, _ merges: [(left: String, right: String)]) -> [String]
  {
    var word = text.unicodeScalars.map { String($0) }
    word[word.count - 1] += "</w>"
    while true {
      let pair = merges.first { pair in
        word.indices.dropLast().contains { word[$0] == pair.left && word[$0 + 1] == pair.right }
      }
      guard let pair else { return word }
      var next: [String] = []
      var index = 0
      while index < word.count {
        let joins =
          index + 1 < word.count && word[index] == pair.left && word[index + 1] == pair.right
        next.append(joins ? pair.left + pair.right : word[index])
        index += joins ? 2 : 1
      }
      word = next
    }
  }

  @Test("any merges give the pieces that the loop of Hugging Face gives, in short and long words")
  func anyMerges() throws {
    let seed: UInt64 = 0x6D65_7267_6573
    var random = SeededRandom(seed: seed)
    for round in 0..<60 {
      let merges = Self.merges(&random)
      let made = Set(merges.map { $0.left + $0.right })
      // Some results of merges are no tokens.
      let tokens =
        ["<s>", "</s>", "<pad>", "<unk>", "a", "b", "é", "a</w>", "b</w>", "é</w>"]
        + made.sorted().filter { _ in Int.random(in: 0..<8, using: &random) > 0 }
      let tables = try VocabularyFiles(
        tokens: tokens, merges: merges.map { "\($0.left) \($0.right)" }
      ).tables()
      try tables.validate()
      var tokenizer = Tokenizer(tables: tables)
      for length in [1, 2, 5, 20, 48, 49, 120] {
        let word = (0..<length).map { _ in ["a", "b", "é"].randomElement(using: &random) ?? "a" }
          .joined()
        let options = EncodingOptions(mode: .pretokenized, ends: .none)
        let found = try tokenizer.encode(word, options).map { tables.token($0.id) ?? "?" }
        let wanted = Self.merged(word, merges).map { tokens.contains($0) ? $0 : "<unk>" }
        #expect(found == wanted, "seed \(seed), round \(round): \(word)")
      }
    }
  }
}
