public import ThimbleArchitecture
public import ThimbleFormat
internal import ThimbleOps
internal import ThimbleSystem

/// How much private memory a model may use.
public enum MemoryBudget: Sendable, Equatable {
  /// Pin everything if the machine and its cgroups leave room for it, else what fits. Never more than a file of its size
  /// can need: small files that ask for much are refused.
  case automatic
  /// At most so many bytes.
  case bytes(Int)
}

/// Where the private memory of a process that runs a .thimble file goes. Made before anything is allocated.
public struct MemoryPlan: Sendable, Equatable {
  /// The limit that the plan keeps to, in bytes.
  public let budget: Int
  /// What the process had before: stacks, heap, the data of its code.
  public let base: Int
  /// Tensors that are always kept as fp32: biases, layer norms, small tables.
  public let vectors: Int
  /// Decoding buffers of all threads.
  public let scratch: Int
  /// Activations of the largest batch, and the logits.
  public let workspace: Int
  /// The most tokens of a batch that the plan has room for.
  public let maximumTokens: Int
  /// How much heads read at once.
  public let headSize: HeadSize
  /// Codes and scale codes of the pinned chunks.
  public let pinned: Int
  /// What would have to be pinned for nothing to be streamed.
  public let decoded: Int
  /// Chunks of matrices that are pinned, from the first in the file.
  public let pinnedChunks: Int
  /// Chunks of matrices.
  public let chunks: Int
  /// Whether mapped pages are given back after use, because memory is too short to keep the file cached.
  public let dropsPages: Bool

  /// The most private memory that the model will use, in bytes.
  public var peak: Int { base + vectors + scratch + workspace + pinned }

  /// Plans for `file`.
  ///
  /// - Parameters:
  ///   - tokens: the most tokens that a batch should have; fewer are planned for if the budget is short, but not
  ///     fewer than 16.
  ///   - heads: what will be read.
  ///   - headSize: how much at once; fewer positions are planned for if the budget is short.
  ///   - base: what the process has beside the model; nil: what it has now.
  /// - Throws: with the minimum, if not even 16 tokens fit: `ModelError.inflated` if the file is to blame, else `.budget`.
  public init(
    _ file: ThimbleFile, configuration: ModelConfiguration, budget: MemoryBudget, tokens: Int,
    heads: [any Head.Type], _ headSize: HeadSize = HeadSize(), base: Int? = nil, threads: Int
  ) throws(ModelError) {
    let base = base ?? ProcessMemory.current()?.privateBytes ?? 0
    self.base = base
    vectors = file.tensors.reduce(0) { $0 + Self.heldBytes($1.shape) }
    scratch = threads * Self.scratchPerThread(largestChunk: file.largestChunk)
    let fixed = base + vectors + scratch + Self.slack
    let room = availableMemory() ?? .max
    switch budget {
    case .bytes(let bytes): self.budget = bytes
    // A tenth is left to others, and to the page cache, which streaming lives on.
    case .automatic: self.budget = min(room - room / 10, base + Self.justified(by: file))
    }
    let tokens = max(1, min(tokens, Self.mostTokens))
    let positionsPerRound = max(1, min(headSize.positionsPerRound, Self.mostTokens))
    let feedForward = FeedForwardShapes(configuration, file)
    let fewestPositions = min(positionsPerRound, MaskedLanguageModel.standardPositionsPerRound)
    var size = headSize
    func workspace(_ tokens: Int, positions: Int) -> Int {
      size.positionsPerRound = positions
      let memory = heads.memory(configuration, size)
      return memory.own
        + Workspace.byteCount(
          configuration, weights: feedForward, maximumTokens: tokens, lent: memory.borrowed,
          activations: size.activations, workers: threads)
    }
    let minimum = fixed + workspace(min(tokens, Self.fewestTokens), positions: fewestPositions)
    guard self.budget >= minimum else {
      guard budget == .automatic, minimum <= room - room / 10 else {
        throw .budget(bytes: self.budget, minimum: minimum)
      }
      throw .inflated(path: file.path, fileSize: file.size, minimum: minimum)
    }
    var fitting = tokens
    while fixed + workspace(fitting, positions: fewestPositions) > self.budget {
      fitting = max(fitting / 2, Self.fewestTokens)
    }
    maximumTokens = fitting
    var positions = max(positionsPerRound, fewestPositions)
    while positions > fewestPositions,
      fixed + workspace(fitting, positions: positions) > self.budget
    {
      positions = max(positions / 2, fewestPositions)
    }
    let workspaceBytes = workspace(fitting, positions: positions)
    self.workspace = workspaceBytes + Self.slack
    self.headSize = size

    let matrices = file.tensors.filter { $0.shape.kind == .q8b64 }
    chunks = matrices.reduce(0) { $0 + $1.shape.chunkCount }
    var (pinned, pinnedChunks, decoded) = (0, 0, 0)
    var isPinning = true
    for matrix in matrices {
      for chunk in 0..<matrix.shape.chunkCount {
        let size = matrix.shape.codesSize(ofChunk: chunk) + matrix.shape.scalesSize(ofChunk: chunk)
        decoded += size
        isPinning = isPinning && fixed + workspaceBytes + pinned + size <= self.budget
        if isPinning { (pinned, pinnedChunks) = (pinned + size, pinnedChunks + 1) }
      }
    }
    (self.pinned, self.pinnedChunks, self.decoded) = (pinned, pinnedChunks, decoded)
    dropsPages = room < file.size + min(self.budget, fixed + workspaceBytes + pinned)
  }

  /// What stays in memory of a tensor that is not quantised: panels of a matrix, a vector up to its padding.
  private static func heldBytes(_ shape: TensorShape) -> Int {
    guard shape.kind == .f32 else { return 0 }
    return shape.rank == 2
      ? FloatMatrix.byteCount(rows: shape.rows, columns: shape.columns)
      : FloatRows.byteCount(rows: 1, width: shape.columns)
  }

  /// The most memory that a file of this size is given without being asked: trained weights decode to less than three
  /// times their bytes, and what a text needs beside them is small. A file of zeros claims thousands of times its size.
  private static func justified(by file: ThimbleFile) -> Int { (256 << 20) + 16 * file.size }

  /// Below this a sentence does not fit.
  private static let fewestTokens = 16
  /// Above this nothing is planned for: sizes that follow from it fit an Int for any configuration.
  private static let mostTokens = 1 << 24
  /// What allocators, threads' stacks and the tokenizer take beside what is counted.
  private static let slack = 2 << 20

  private static func scratchPerThread(largestChunk: Int) -> Int {
    // Codes, scale codes, the high plane, and zstd's decoding state.
    largestChunk + largestChunk / 64 + largestChunk / 2 + (192 << 10)
  }
}
