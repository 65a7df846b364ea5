import Testing
import ThimbleArchitecture
import ThimbleConvert
import ThimbleFormat
import ThimbleImport
import ThimbleJSON
import ThimbleModel
import ThimbleOps
import ThimbleReference
import ThimbleSystem
import ThimbleTestSupport

let tinyCheckpoint = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/model.safetensors")
let smallCheckpoint = repository("Tests/ThimbleModelTests/Fixtures/xlm-small")

/// A model that runs a checkpoint in place.
func reference(
  _ path: String, threads: Int = 1, kernels: KernelTable = .underTest, maximumTokens: Int = 64
) throws -> MaskedLanguageModel {
  let checkpoint = try ModelCheckpoint.open(path)
  return try MaskedLanguageModel(
    CheckpointWeights(checkpoint, workers: threads, kernels: kernels),
    maximumTokens: maximumTokens, pool: ComputePool(threadCount: threads), kernels: kernels)
}

/// A model that runs the .thimble file at `path`.
func fileModel(
  _ path: String, threads: Int = 1, kernels: KernelTable = .underTest,
  budget: MemoryBudget = .automatic, activations: ActivationPrecision = .int8,
  maximumTokens: Int = 64
) throws -> MaskedLanguageModel {
  let file = try ThimbleFile(path: path)
  let plan = try MemoryPlan(
    file, configuration: FileWeights.configuration(of: file), budget: budget,
    tokens: maximumTokens, heads: [MaskedLanguageModel.self],
    HeadSize(activations: activations), threads: threads)
  return try MaskedLanguageModel(
    FileWeights(file, plan: plan, workers: threads, kernels: kernels),
    maximumTokens: plan.maximumTokens, activations: activations,
    pool: ComputePool(threadCount: threads), kernels: kernels)
}

/// Converts `checkpoint` to the file `name` in `folder`; returns its path.
func convert(
  _ checkpoint: String, to name: String, in folder: TemporaryFolder, bits: Double = 6.1
) throws -> String {
  let source = try ConversionSource(ModelCheckpoint.open(checkpoint))
  _ = try Converter(source, rate: .bits(bits), threadCount: 2, kernels: .underTest)
    .convert(to: folder(name))
  return folder(name)
}

extension MaskedLanguageModel {
  /// With an encoder of its own.
  ///
  /// - Parameters:
  ///   - maximumTokens: the most tokens of a batch.
  ///   - positionsPerRound: positions that are scored at once.
  convenience init(
    _ provider: some WeightProvider, maximumTokens: Int,
    positionsPerRound: Int = standardPositionsPerRound, activations: ActivationPrecision = .int8,
    pool: ComputePool, kernels: KernelTable
  ) throws(ModelError) {
    let size = HeadSize(positionsPerRound: positionsPerRound, activations: activations)
    try self.init(
      provider,
      on: Encoder(
        provider, maximumTokens: maximumTokens, heads: [MaskedLanguageModel.self], size, pool: pool,
        kernels: kernels), size)
  }
}

extension Encoder {
  /// The hidden state of row `row`.
  func hiddenState(_ row: Int) -> [Float] {
    hidden.values.withSpan(row * hidden.stride..<row * hidden.stride + hidden.width) { span in
      span.indices.map { span[$0] }
    }
  }
}

extension Logits {
  var all: [Float] { (0..<count).map { self[$0] } }
}

func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}
