import Testing
import ThimbleText

/// The ways in which faithful mode differs from Hugging Face's.
struct FaithfulTests {
  private func words(
    _ text: String, _ language: String?, _ mode: EncodingOptions.Mode = .faithful,
    extra: [String] = [], lowercases: Bool = false
  ) throws -> [String] {
    try SplitWords(text, extra: extra, lowercases: lowercases)
      .words(EncodingOptions(mode: mode, language: language, ends: .none))
  }

  @Test("apostrophes go with the word that the language gives them to")
  func apostrophes() throws {
    #expect(try words("l'été", "fr") == ["l'", "été"])
    #expect(try words("it's", "en") == ["it", "'s"])
    #expect(try words("a'b", "tr") == ["a", "'", "b"])
    #expect(try words("it's", nil) == ["it", "'s"])
  }

  @Test("control characters part words, which Hugging Face joins")
  func controls() throws {
    #expect(try words("line\nbreak\ttab", nil) == ["line", "break", "tab"])
    #expect(try words("line\nbreak\ttab", nil, .huggingFace) == ["linebreaktab"])
  }

  @Test("a virama parts words and Chinese and Korean ones stay whole, as in the Perl scripts")
  func letters() throws {
    #expect(try words("हिन्दी", "hi") == ["हिन", "्", "दी"])
    #expect(try words("हिन्दी", "hi", .huggingFace) == ["हिन्दी"])
    #expect(try words("안녕 北京", nil) == ["안녕", "北京"])
    #expect(try words("안녕 北京", "ko", .huggingFace) == ["안녕", "北", "京"])
  }

  @Test("a language without its dictionary is split as Hugging Face's public tokenizer does")
  func segmented() throws {
    for language in ["zh", "ja", "th"] {
      #expect(try words("北京's", language) == ["北", "京", "'", "s"])
    }
  }

  @Test("Romanian loses its marks unless the vocabulary has words with them")
  func romanian() throws {
    #expect(try words("Ţară şi Îţ", "ro") == ["Tara", "si", "It"])
    #expect(try words("Ţară", "ro", extra: ["şi</w>"]) == ["Ţară"])
    #expect(try words("Ţară", "ro", .huggingFace, extra: ["şi</w>"]) == ["Tara"])
    #expect(try words("Ţară", "tr") == ["Ţară"])
  }

  @Test("words are lower-cased after they are split, with a final sigma")
  func lowerCase() throws {
    #expect(try words("ΟΣΣ", nil, lowercases: true) == ["οσς"])
    #expect(try words("ΟΣΣ", nil, .huggingFace, lowercases: true) == ["οσσ"])
    #expect(try words("a. B", nil, lowercases: true) == ["a", ".", "b"])
    #expect(try words("a. B", nil, .huggingFace, lowercases: true) == ["a.", "b"])
  }

  @Test("a prepared text is parted at white space and nowhere else")
  func pretokenized() throws {
    #expect(try words("it 's,a  A\u{A0}b", "fr", .pretokenized) == ["it", "'s,a", "A", "b"])
  }
}
