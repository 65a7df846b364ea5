import Testing
import ThimbleJSON
import ThimbleModel
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport

/// The goldens are those of Hugging Face's XLM on torch in fp32; see the README beside each fixture.
@Suite("A checkpoint in fp32 against the reference implementation")
struct ReferenceGoldenTests {
  // What the issue of an fp32 sum in another order may cost on models of this size.
  let tolerance: Float = 2e-5

  @Test(
    "hidden states and logits of the tiny model",
    arguments: ["mask_only", "langs", "token_types", "token_types_zero", "langs_and_types"],
    KernelTable.runnable)
  func tiny(name: String, kernels: KernelTable) throws {
    let goldens = try json(fixture("expected-tiny.json"))
    let expected = try #require(goldens["cases"]?[name])
    let model = try reference(tinyCheckpoint, threads: 2, kernels: kernels)
    let batch = try Batch(maximumTokens: 16)
    let mask = try #require(goldens["attention_mask"]?.array).map(\.ints)
    var sequences: [[Int]] = []
    for (index, ids) in try #require(goldens["input_ids"]?.array).map(\.ints).enumerated() {
      let length = mask[index].reduce(0, +)
      let types: [Int32]? =
        name == "token_types_zero"
        ? [Int32](repeating: 0, count: length)
        : name.contains("types")
          ? try #require(goldens["token_type_ids"]?.array)[index].ints.prefix(length).map {
            Int32($0)
          }
          : nil
      sequences.append(Array(ids.prefix(length)))
      try batch.append(
        ids.prefix(length).map { Int32($0) },
        language: name.contains("langs")
          ? Int32(try #require(goldens["langs"]?.array)[index].ints[0]) : nil,
        types: types)
    }
    let row = try #require(sequences[0].firstIndex(of: 5))
    var logits: [Float] = []
    var logSumExp = 0.0
    try model.score(batch, at: [row]) { _, scored in
      logits = scored.all
      logSumExp = scored.logSumExp
    }
    try model.encoder.encode(batch)
    for sequence in 0..<2 {
      let states = try #require(expected["last_hidden"]?.array?[sequence].array)
      for (position, row) in batch.rows(ofSequence: sequence).enumerated() {
        #expect(
          largestDifference(model.encoder.hiddenState(row), states[position].floats) < tolerance)
      }
    }
    let first = try #require(expected["mask_logits_first8"]).floats
    #expect(largestDifference(Array(logits.prefix(8)), first) < tolerance)
    #expect(abs(logSumExp - (try #require(expected["logsumexp"]?.double))) < Double(tolerance))
  }

  @Test("every sentence of the small model: hidden states, best tokens, logits", arguments: [1, 2])
  func small(threads: Int) throws {
    let cases = try #require(json(smallCheckpoint + "/expected.json")["cases"]?.array)
    let model = try reference(smallCheckpoint, threads: threads)
    #expect(cases.count == 18)
    for expected in cases {
      let batch = try Batch(maximumTokens: 64)
      let ids = try #require(expected["ids"]).ints
      try batch.append(ids.map { Int32($0) })
      let masks = try #require(expected["masks"]?.array)
      #expect(!masks.isEmpty)
      let positions = try masks.map { try #require($0["position"]?.int) }
      try model.score(batch, at: positions) { index, logits in
        let top = masks[index]["top"]?.array ?? []
        #expect(logits.top(5) == top.compactMap { $0["token"]?.int })
        for entry in top {
          let logit = Float(entry["logit"]?.double ?? .nan)
          #expect(abs(logits[entry["token"]?.int ?? 0] - logit) < tolerance)
        }
        #expect(
          abs(logits.logSumExp - (masks[index]["logsumexp"]?.double ?? .nan)) < Double(tolerance))
      }
      try model.encoder.encode(batch)
      let states = try #require(expected["hidden_first8_of_each_token"]?.array)
      #expect(states.count == ids.count)
      for (row, state) in states.enumerated() {
        #expect(
          largestDifference(Array(model.encoder.hiddenState(row).prefix(8)), state.floats)
            < tolerance)
      }
    }
  }
}
