import Testing
import ThimbleArchitecture
import ThimbleFormat
import ThimbleJSON
import ThimbleModel
import ThimbleSystem
import ThimbleTestSupport

/// The goldens and the weights are those of Tools/model-goldens.
@Suite("Every public shape of XLM and FlauBERT against the reference implementation")
struct ShapeTests {
  static let goldens = try? json(fixture("shapes.json"))
  static let names = (goldens?["models"]?.array ?? []).compactMap { $0["name"]?.string }

  @Test("all of them are there")
  func count() {
    #expect(Self.names.count == 14)
  }

  @Test(
    "in fp32 within 1e-4, and from a file of 8 bits within 0.01 of the logits", arguments: names)
  func shape(name: String) throws {
    let golden = try #require(
      Self.goldens?["models"]?.array?.first { $0["name"]?.string == name })
    var fields = try #require(golden["config"]?.object)
    let checkpoint = try MadeCheckpoint(.object(fields))
    let path = try convert(checkpoint.folder.path, to: "8.thimble", in: checkpoint.folder, bits: 8)
    for expected in try #require(golden["cases"]?.array) {
      let isCausal = expected["causal"] == true
      fields.set("causal", to: .bool(isCausal))
      try checkpoint.write(.object(fields))
      let model = try reference(checkpoint.folder.path, threads: 2)
      let languages = expected["languages"]?.array.map { _ in expected["languages"]!.ints }
      for (index, logits) in try logits(model, languages).enumerated() {
        let wanted = try #require(expected["logits"]?.array?[index]).floats
        #expect(
          largestDifference(logits, wanted) < 1e-4,
          "logits of \(index), \(expected["languages"] as Any)")
      }
      let states = try #require(expected["hidden"]?.array).flatMap { $0.array ?? [] }
      for (row, state) in states.enumerated() {
        #expect(
          largestDifference(Array(model.encoder.hiddenState(row).prefix(6)), state.floats) < 1e-4,
          "hidden state \(row)")
      }
      // The file says what the configuration said when it was made.
      guard isCausal == checkpoint.configuration.isCausal else { continue }
      let file = try fileModel(path, threads: 2, activations: .int16)
      for (index, logits) in try self.logits(file, languages).enumerated() {
        let wanted = try #require(expected["logits"]?.array?[index]).floats
        let error = zip(logits, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let size = wanted.reduce(0) { $0 + $1 * $1 }
        #expect((error / size).squareRoot() < 0.01, "file, logits of \(index)")
      }
    }
  }

  /// The logits of each sequence at its position. All hidden states stand in the model afterwards.
  private func logits(_ model: MaskedLanguageModel, _ languages: [Int]?) throws -> [[Float]] {
    let sequences = try #require(Self.goldens?["sequences"]?.array).map(\.ints)
    let positions = try #require(Self.goldens?["positions"]).ints
    let batch = try Batch(maximumTokens: 32)
    var rows: [Int] = []
    for (index, ids) in sequences.enumerated() {
      rows.append(batch.tokenCount + positions[index])
      try batch.append(ids.map { Int32($0) }, language: languages.map { Int32($0[index]) })
    }
    var logits: [[Float]] = []
    try model.score(batch, at: rows) { _, scored in logits.append(scored.all) }
    try model.encoder.encode(batch)
    return logits
  }
}
