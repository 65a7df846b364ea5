import Testing
import Thimble
import ThimbleModel
import ThimbleReference
import ThimbleTestSupport
import ThimbleText

/// A language model of 64 positions, without language embeddings, and one with those of three languages.
private let masked = repository("Tests/CommandTests/Fixtures/answered/masked")
private let languages = repository("Tests/CommandTests/Fixtures/answered/languages")

@Suite("Texts and ids on their way into a model")
struct InputTests {
  func text(_ path: String) throws -> ModelText { ModelText(try .checkpoint(path)) }

  @Test("padding behind the ids is cut off, that before them only moves them")
  func padding() throws {
    let text = try text(masked)
    let plain = try text.input(ids: [1, 20, 1])
    #expect(try text.input(ids: [1, 20, 1, 2, 2]) == plain)
    #expect(plain == SequenceInput(ids: [1, 20, 1]))
    let moved = try text.input(ids: [2, 1, 20, 2, 1])
    #expect(moved.ids == [1, 20, 1] && moved != plain)
    #expect(try text.input(ids: [1, 20, 1] + [Int](repeating: 2, count: 500)) == plain)
  }

  @Test("ids that no text can have are refused")
  func refused() throws {
    let text = try text(masked)
    for ids in [[], [2, 2], [1, -1, 1], [1, 683, 1], [Int](repeating: 1, count: 65)] {
      #expect(throws: ThimbleError.self) { try text.input(ids: ids) }
    }
    // The last position is taken; one behind it there is none.
    #expect(try text.input(ids: [Int](repeating: 2, count: 63) + [1]).ids == [1])
    #expect(throws: ThimbleError.self) {
      try text.input(ids: [Int](repeating: 2, count: 64) + [1])
    }
  }

  @Test("a list that is cut keeps its end, as a text does")
  func cut() throws {
    let text = try text(masked)
    var options = TextOptions()
    options.truncates = true
    let long = [1] + (20..<120) + [1]
    #expect(try text.input(ids: long, options).ids.map { Int($0) } == [1] + (20..<82) + [1])
    #expect(try text.input(ids: Array(20..<120), options).ids.map { Int($0) } == Array(20..<84))
    let texts = TextEncoder(text)
    let words = try texts.input(String(repeating: "a ", count: 100), options)
    #expect(words.ids.count == 64 && words.ids.last == 1)
  }

  @Test("cut from the left, a list keeps its beginning, and its last tokens move to the front")
  func cutFromLeft() throws {
    let text = try text(masked)
    var options = TextOptions()
    options.truncates = true
    options.truncationSide = .left
    for (ids, kept): ([Int], [Int]) in [
      ([1] + (20..<120) + [1], [1] + (58..<120) + [1]),
      ([0] + (20..<120) + [1], [0] + (58..<120) + [1]),
      (Array(20..<120), Array(56..<120)),
    ] {
      #expect(try text.input(ids: ids, options) == SequenceInput(ids: kept))
    }
    // Padding is the first to go; if that is enough, nothing else does.
    let padded = [Int](repeating: 2, count: 40) + [1] + (20..<50) + [1]
    let moved = [Int](repeating: 2, count: 32) + [1] + (20..<50) + [1]
    #expect(try text.input(ids: padded, options) == text.input(ids: moved))
    let texts = TextEncoder(text)
    let words = "the " + String(repeating: "a ", count: 100) + "house"
    let left = try texts.input(words, options)
    options.truncationSide = .right
    let right = try texts.input(words, options)
    #expect(left.ids.count == 64 && left.ids.first == 1 && left.ids.last == 1)
    #expect(left.ids.dropFirst(2) != right.ids.dropFirst(2) && left.ids[1] == right.ids[62])
    // The mask that stands last is lost only from the right.
    var fill = FillMaskOptions()
    fill.truncates = true
    fill.truncationSide = .left
    #expect(try FillMaskQuery(words + " <mask>", fill, with: texts).positions == [62])
    #expect(throws: ThimbleError.self) {
      try FillMaskQuery("<mask> " + words, fill, with: texts)
    }
  }

  @Test("a separator between the ends parts a pair: its types are those of the pair as text")
  func pair() throws {
    let text = try text(masked)
    var options = TextOptions()
    options.addsTypes = true
    let texts = TextEncoder(text)
    let pair = try texts.input("the house", pairedWith: "a", options)
    #expect(try text.input(ids: pair.ids.map { Int($0) }, options) == pair)
    let one = try texts.input("the house", options)
    #expect(try text.input(ids: one.ids.map { Int($0) }, options) == one)
  }

  @Test("white space of any kind separates words, except as Hugging Face has it")
  func whiteSpace() throws {
    let text = try text(masked)
    let texts = TextEncoder(text)
    func ids(_ string: String, _ convention: Convention) throws -> [Int32] {
      var options = TextOptions()
      options.convention = convention
      return try texts.input(string, options).ids
    }
    for space in ["\t", "\r", "\n", "\u{B}", "\u{C}", "\u{85}", " \t "] {
      #expect(try ids("the\(space)house", .training) == ids("the house", .training))
      #expect(try ids("the\(space)house", .training) != ids("thehouse", .training))
    }
    #expect(try ids("the\thouse", .huggingFace) == ids("thehouse", .huggingFace))
  }

  @Test("a quarter of a text, and three tokens, must be unknown before anybody speaks of it")
  func unknown() {
    func caution(_ ids: [Int]) -> Bool {
      TextCaution(tokens: ids, unknown: 3, ends: [0, 1]) != nil
    }
    #expect(!caution([]) && !caution([1, 3, 3, 1]) && caution([1, 3, 3, 3, 1]))
    #expect(caution([1, 3, 3, 3] + [Int](repeating: 9, count: 9) + [1]))
    #expect(!caution([1, 3, 3, 3] + [Int](repeating: 9, count: 10) + [1]))
  }

  @Test("a model that knows languages asks for one")
  func languageCaution() throws {
    #expect(try text(masked).cautions(language: nil, .training).isEmpty)
    let text = try text(languages)
    #expect(
      try text.cautions(language: nil, .training).map(\.description)[0].contains("de, en, fr"))
    #expect(try text.cautions(language: "de", .training).isEmpty)
    #expect(throws: ThimbleError.self) { try text.cautions(language: "xx", .training) }
    #expect(text.usesLanguage(.huggingFace, readsIDs: true))
    #expect(try !self.text(masked).usesLanguage(.huggingFace, readsIDs: false))
    #expect(try !self.text(masked).usesLanguage(.training, readsIDs: true))
  }

  @Test("a target of several tokens is told with the piece in its place")
  func targets() throws {
    let model = try LanguageModel(.checkpoint(masked))
    let targets = try model.targets(["the</w>", "hippopotamus"])
    #expect(targets.replacements.map(\.target) == ["hippopotamus"])
    var options = FillMaskOptions()
    options.targets = ["the</w>", "hippopotamus"]
    let fillings = try model.fillMask("a <mask> b", options)[0]
    #expect(Set(fillings.map(\.target)) == [nil, "hippopotamus"])
  }

  @Test("vectors have length 1; one of zeros stays as it is")
  func normalized() {
    #expect([Float]([3, 4]).normalized == [0.6, 0.8])
    #expect([Float]([0, 0]).normalized == [0, 0])
    #expect([Float]([3e38, 0]).normalized == [1, 0])
  }
}
