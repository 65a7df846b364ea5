import Testing
import Thimble
import ThimbleConvert
import ThimbleEvaluation
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

@Suite("What cannot be measured is refused")
struct RefusalTests {
  let folder = TemporaryFolder()

  func write(_ source: ConversionSource) throws -> String {
    _ = try Converter(source, rate: .quality(.small), threadCount: 1, kernels: .best)
      .convert(to: folder("model.thimble"))
    return folder("model.thimble")
  }

  @Test("a file of another model, with the fields that differ")
  func otherModel() throws {
    let path = try write(ConversionSource(ModelCheckpoint.open(classifierCheckpoint)))
    expectMessage("\"emb_dim\" is 16, in the reference 192") {
      _ = try ModelPair(file: path, reference: smallCheckpoint)
    }
  }

  @Test("a file with another vocabulary")
  func otherVocabulary() throws {
    // The same words, two of them with each other's ids.
    for name in ["config.json", "tokenizer_config.json", "merges.txt", "pytorch_model.bin"] {
      _ = try folder.write(MappedFile(path: "\(smallCheckpoint)/\(name)").bytes.bytes(), to: name)
    }
    let bytes = try MappedFile(path: "\(smallCheckpoint)/vocab.json").bytes.bytes()
    guard case .object(var words) = try JSONValue(parsing: bytes) else {
      Issue.record("vocab.json is no object")
      return
    }
    let (de, la) = (try #require(words["de</w>"]), try #require(words["la</w>"]))
    words.set("de</w>", to: la)
    words.set("la</w>", to: de)
    _ = try folder.write(Array(JSONValue.object(words).text().utf8), to: "vocab.json")
    let path = try write(ConversionSource(ModelCheckpoint.open(folder.path)))
    expectMessage("their vocabularies differ") {
      _ = try ModelPair(file: path, reference: smallCheckpoint)
    }
  }

  @Test("texts without a sentence")
  func noText() throws {
    let blank = try folder.write(Array("\n  \n\t\r\n".utf8), to: "blank.txt")
    expectMessage("every line is empty") { _ = try EvaluationText(paths: [blank]) }
    removePath(blank)
    expectMessage("LANG.txt") { _ = try EvaluationText(paths: [folder.path]) }
    expectMessage("cannot open") { _ = try EvaluationText(paths: [folder("missing.txt")]) }
  }

  @Test("texts without a token that can be masked, and lines that are no text")
  func noToken() throws {
    let small = try SmallPair()
    let special = try folder.write(Array("<special1> <pad>\n</s>\n".utf8), to: "en.txt")
    expectMessage("no sentence has a token that can be masked") {
      _ = try small.pair.evaluator(small.pair.candidates()).run(EvaluationText(paths: [special]))
    }
    let broken = try folder.write(Array("fine\n\n".utf8) + [0xFF, 0x0A], to: "de.txt")
    expectMessage("de.txt, line 3: ") {
      _ = try small.pair.evaluator(small.pair.candidates()).run(EvaluationText(paths: [broken]))
    }
  }
}
