import Testing
import ThimbleFormat
import ThimbleModel
import ThimbleSystem
import ThimbleTestSupport

/// One file, one answer: design rule of Formats/numerics.md.
@Suite("Bit-identical results")
struct ExactnessTests {
  static let sentences: [[Int32]] = [
    [1, 455, 148, 3668, 111, 44, 5, 120, 300, 1], [1, 5, 1], [1, 900, 5, 901, 902, 77, 5, 8000, 1],
    [1] + (0..<50).map { Int32(20 + $0 * 150) } + [5, 1],
  ]
  let folder = TemporaryFolder()

  /// The bits of all logits at the masks of `sentences`, which pass together or one by one.
  func logitBits(_ model: MaskedLanguageModel, batches: [[Int]]) throws -> [[UInt32]] {
    var bits: [[UInt32]] = []
    let batch = try Batch(maximumTokens: 80)
    for indices in batches {
      batch.removeAll()
      var rows: [Int] = []
      for index in indices {
        let sentence = Self.sentences[index]
        rows += sentence.indices.filter { sentence[$0] == 5 }.map { batch.tokenCount + $0 }
        try batch.append(sentence)
      }
      try model.score(batch, at: rows) { _, logits in bits.append(logits.all.map(\.bitPattern)) }
    }
    return bits
  }

  /// Made with: thimble convert DIR -o v1-tiny.thimble --bits 14, where DIR holds config.json and model.safetensors of
  /// the tiny checkpoint. Files of version 1 must be read for ever, with the same result.
  @Test(
    "of an old file are those of the reference in plain Swift, and have the hash they always had")
  func oldFile() throws {
    let path = fixture("v1-tiny.thimble")
    let ids = [1, 20, 405, 5, 45, 130, 77, 1]
    let expected = try ReferenceModel(path: path).logits(ids, at: 3).map(\.bitPattern)
    for kernels in KernelTable.runnable {
      let model = try fileModel(path, threads: 2, kernels: kernels)
      let batch = try Batch(maximumTokens: 16)
      try batch.append(ids.map { Int32($0) })
      try model.score(batch, at: [3]) { _, logits in
        #expect(logits.all.map(\.bitPattern) == expected, "\(kernels)")
      }
    }
    let bytes = expected.flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    // Changes only with the answer that Formats/numerics.md defines.
    let hash = try ByteView(bytes).xxh64
    #expect(hash == 0x5FDC_27FC_DFFC_D4EB)
  }

  @Test(
    "of a converted model are those of the reference in plain Swift",
    arguments: ActivationPrecision.allCases)
  func plainSwift(activations: ActivationPrecision) throws {
    let path = try convert(smallCheckpoint, to: "small.thimble", in: folder)
    let ids = [1, 455, 148, 5, 44, 1]
    let expected = try ReferenceModel(path: path, activations: activations)
      .logits(ids, at: 3).map(\.bitPattern)
    let batch = try Batch(maximumTokens: 16)
    try batch.append(ids.map { Int32($0) })
    for kernels in KernelTable.runnable {
      let model = try fileModel(path, threads: 2, kernels: kernels, activations: activations)
      try model.score(batch, at: [3]) { _, logits in
        #expect(logits.all.map(\.bitPattern) == expected, "\(kernels)")
      }
    }
  }

  @Test("of a file do not depend on ISA, threads, memory or the batch")
  func file() throws {
    let path = try convert(smallCheckpoint, to: "small.thimble", in: folder)
    let one = [[0], [1], [2], [3]]
    let expected = try logitBits(fileModel(path, maximumTokens: 80), batches: one)
    #expect(expected.count == 5)
    for kernels in KernelTable.runnable {
      for threads in [1, 2, 5] {
        let model = try fileModel(path, threads: threads, kernels: kernels, maximumTokens: 80)
        #expect(try logitBits(model, batches: one) == expected, "\(kernels), \(threads) threads")
        #expect(try logitBits(model, batches: [[0, 1, 2, 3]]) == expected, "\(kernels), one batch")
      }
    }
    let file = try ThimbleFile(path: path)
    for pinned in [0, 1 << 20, 2 << 20, 64 << 20] {
      let least = try MemoryPlan(
        file, configuration: FileWeights.configuration(of: file), budget: .bytes(1 << 40),
        tokens: 80, heads: [MaskedLanguageModel.self], threads: 2)
      let budget = least.peak - least.pinned + pinned
      let model = try fileModel(path, threads: 2, budget: .bytes(budget), maximumTokens: 80)
      // Twice: the second pass finds the pinned chunks decoded.
      for _ in 0..<2 { #expect(try logitBits(model, batches: one) == expected, "\(pinned) pinned") }
    }
  }

  @Test("of tokens are the same whichever others are kept", arguments: [false, true])
  func kept(inFloat: Bool) throws {
    let model =
      inFloat
      ? try reference(smallCheckpoint, threads: 2, maximumTokens: 80)
      : try fileModel(
        convert(smallCheckpoint, to: "small.thimble", in: folder), threads: 2, maximumTokens: 80)
    let batch = try Batch(maximumTokens: 80)
    for sentence in Self.sentences { try batch.append(sentence) }
    func states(keeping kept: [Int]?) throws -> [[UInt32]] {
      try model.encoder.encode(batch, keeping: kept)
      return (0..<(kept?.count ?? batch.tokenCount)).map {
        model.encoder.hiddenState($0).map(\.bitPattern)
      }
    }
    let all = try states(keeping: nil)
    for kept in [[], [0], [6, 11, 16, 73], Array(3..<70), Array(all.indices)] {
      #expect(try states(keeping: kept) == kept.map { all[$0] }, "\(kept)")
    }
  }

  @Test("of a checkpoint in fp32 do not depend on ISA, threads or the batch")
  func checkpoint() throws {
    let expected = try logitBits(
      reference(smallCheckpoint, maximumTokens: 80), batches: [[0], [1], [2], [3]])
    for kernels in KernelTable.runnable {
      let model = try reference(smallCheckpoint, threads: 2, kernels: kernels, maximumTokens: 80)
      #expect(
        try Set(logitBits(model, batches: [[3, 1], [0, 2]])) == Set(expected), "\(kernels)")
      #expect(try logitBits(model, batches: [[0, 1, 2, 3]]) == expected, "\(kernels)")
    }
  }
}
