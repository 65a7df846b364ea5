import Testing
import ThimbleEvaluation
import ThimbleTestSupport

@Suite("Texts to measure on")
struct EvaluationTextTests {
  let folder = TemporaryFolder()

  @Test("the halves of a text are all of it")
  func halves() throws {
    let path = try folder.write(Array("one\n\ntwo\nthree\n".utf8), to: "en.txt")
    let single = try folder.write(Array("one".utf8), to: "de.txt")
    let halves = try EvaluationText(paths: [path, single]).halves()
    #expect(halves.first.languages.map(\.sentenceCount) == [1, 1])
    #expect(halves.second.languages.map(\.sentenceCount) == [2, 1])
    #expect(halves.second.languages.map(\.name) == ["en", "de"])
  }
}
