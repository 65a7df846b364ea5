import Testing
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// Words of languages without spaces, by small dictionaries made up here.
struct SegmentationTests {
  private func words(
    _ text: String, _ language: String, chinese: String? = SmallDictionaries.chinese,
    thai: String? = SmallDictionaries.thai
  ) throws -> [String] {
    let dictionaries = try SmallDictionaries.parsed(chinese: chinese, thai: thai)
    let split = try SplitWords(text, dictionaries: dictionaries)
    try split.tables.validate()
    let options = EncodingOptions(language: language, ends: .none)
    #expect(split.tables.warning(for: options) == nil)
    return try split.words(options)
  }

  @Test("words are those of jieba and pythainlp, by Hugging Face's rules", arguments: ["zh", "th"])
  func goldens(language: String) throws {
    let lines = try MappedFile(path: fixture("segmented.tsv")).bytes.bytes().split(separator: 0x0A)
      .map { $0.split(separator: 0x09, omittingEmptySubsequences: false) }
      .filter { String(decoding: $0[0], as: UTF8.self) == language }
    #expect(lines.count >= 400)
    let texts = try lines.map { try #require(try JSONValue(parsing: Array($0[1])).string) }
    let wanted = lines.map { String(decoding: $0[2], as: UTF8.self) }
    let dictionary = try String(decoding: bytes(fixture(language + ".txt")), as: UTF8.self)
    let split = try SplitWords(
      (texts + wanted).joined(),
      dictionaries: SmallDictionaries.parsed(
        chinese: language == "zh" ? dictionary : nil, thai: language == "th" ? dictionary : nil))
    let options = EncodingOptions(mode: .huggingFace, language: language, ends: .none)
    for (text, wanted) in zip(texts, wanted) {
      #expect(
        try split.words(text, options).joined(separator: " ") == wanted, "\(text.debugDescription)")
    }
  }

  @Test("Chinese takes the likeliest words of the dictionary")
  func likeliest() throws {
    #expect(try words("我是北京大学生", "zh") == ["我", "是", "北京大学", "生"])
    #expect(try words("北京大学 学生。a", "zh") == ["北京大学", "学生", ".", "a"])
  }

  @Test("characters that stand alone join as the model says, and not without it")
  func model() throws {
    #expect(try words("我去李明", "zh") == ["我", "去", "李明"])
    let plain = SmallDictionaries.chinese.split(separator: "\n").filter { !$0.hasPrefix("\t") }
    #expect(
      try words("李明", "zh", chinese: plain.joined(separator: "\n")) == ["李", "明"])
  }

  @Test("Latin words and numbers in Chinese stay whole with their signs")
  func latin() throws {
    #expect(try words("我Wi-Fi 3.5%是", "zh") == ["我", "Wi-Fi", "3.5%", "是"])
  }

  @Test("Thai takes the fewest words of the dictionary, numbers whole and spaces left out")
  func thai() throws {
    #expect(try words("สวัสดีชาวโลก", "th") == ["สวัสดี", "ชาวโลก"])
    #expect(try words("ตากลม", "th") == ["ตา", "กลม"])
    #expect(try words("ชาว  1,234.5 abc", "th") == ["ชาว", "1,234.5", "abc"])
  }

  @Test("Thai outside the dictionary stays together up to the next word of it")
  func unknownThai() throws {
    #expect(try words("ฮฺบรชาวโลก", "th") == ["ฮฺบร", "ชาวโลก"])
  }

  @Test("a dictionary that cannot be read is refused with its line")
  func refused() {
    for text in ["北京", "北京 x", "北京 -1", "北京 9999999", "\temission X 一 1", "\tstart B"] {
      #expect(throws: TextError.self, "\(text)") {
        try ByteView(Array("我 1\n\(text)".utf8)).withSpan { span throws(TextError) in
          _ = try ChineseDictionary(parsing: span)
        }
      }
    }
  }
}
