import Testing
import Thimble
import ThimbleCalibration
import ThimbleConvert
import ThimbleEvaluation
import ThimbleImport
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

@Suite("Calibration makes a file of the same size lose less")
struct CalibratorTests {
  let folder = TemporaryFolder()

  /// The mean KL divergence of the small model at 5.5 bits per weight.
  private func divergence(_ text: CalibrationText?, on sentences: EvaluationText) throws -> Double {
    let checkpoint = try ModelCheckpoint.open(smallCheckpoint)
    let calibration = try text.map { text in
      try Calibrator(
        try CheckpointWeights(checkpoint, workers: 2, kernels: .best),
        pool: try ComputePool(threadCount: 2), kernels: .best
      ).run(text)
    }
    let path = folder("small.thimble")
    _ = try Converter(
      try ConversionSource(checkpoint), rate: .bits(5.5), calibration: calibration, threadCount: 2,
      kernels: .best
    ).convert(to: path)
    let pair = try ModelPair(file: path, reference: smallCheckpoint, run: RunOptions(threads: 2))
    var options = EvaluationOptions()
    options.masking = .fraction(0.25)
    options.limit = 6
    let evaluation = try pair.evaluator(pair.candidates([.both]), options).run(sentences)
    return try #require(evaluation.measures(candidate: 0)).divergence.mean.value
  }

  @Test(
    "with other sentences of the same kind by 30 %, with random tokens or a few sentences of one language by 20 %"
  )
  func gain() throws {
    let halves = try sampleText().halves()
    let tables = try #require(try ModelCheckpoint.open(smallCheckpoint).tokenizerTables())
    let plain = try divergence(nil, on: halves.second)
    let random = try divergence(.randomTokens, on: halves.second)
    let calibrated = try divergence(
      .sentences(halves.first, try TokenizerTables(view: try ByteView(tables))), on: halves.second)
    let german = try EvaluationText(paths: [try folder.write(Array(Self.german.utf8), to: "de.txt")]
    )
    let few = try divergence(
      .sentences(german, try TokenizerTables(view: try ByteView(tables))), on: halves.second)
    #expect(random < 0.8 * plain, "\(random) against \(plain)")
    #expect(few < 0.8 * plain, "\(few) against \(plain)")
    #expect(calibrated < 0.7 * plain, "\(calibrated) against \(plain)")
  }

  private static let german = """
    Der Zug nach Hamburg kommt heute eine halbe Stunde später.
    Wer den Schlüssel hat, soll bitte die Tür abschließen.
    Im Garten stehen drei alte Bäume, unter denen die Kinder spielen.
    Sie schrieb ihm einen langen Brief, den er nie beantwortet hat.
    Das Wasser war so kalt, dass niemand baden wollte.
    Nach dem Essen gingen wir noch ein Stück am Fluss entlang.

    """

  @Test("token ids that the vocabulary does not have are named with their line")
  func ids() throws {
    let path = try folder.write(Array("[1, 20, 1]\n[1, 90000, 1]\n".utf8), to: "en.txt")
    let error = try #require(throws: EvaluationError.self) {
      try divergence(.ids(try EvaluationText(paths: [path])), on: sampleText("de"))
    }
    #expect(error.description.contains("line 2"), "\(error)")
  }
}
