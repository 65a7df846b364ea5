internal import ThimbleFormat

/// How much private memory a model may use.
public enum MemoryBudget: Sendable, Equatable {
  /// Pin everything if the machine and its cgroups leave room for it, else what fits.
  case automatic
  /// At most so many bytes.
  case bytes(Int)
}

/// What will be pinned, and what the rest of the private memory goes to. Made before anything is allocated.
public struct MemoryPlan: Sendable, Equatable {
  /// The limit that the plan keeps to, in bytes.
  public let budget: Int
  /// What the process had before: code's data, stacks, heap.
  public let base: Int
  /// Vectors that are always kept: biases, layer norms.
  public let vectors: Int
  /// Decoding buffers of all threads.
  public let scratch: Int
  /// Activations of the largest batch.
  public let workspace: Int
  /// Codes and scale codes of the pinned chunks.
  public let pinned: Int
  /// The same for all chunks: what would have to be pinned for nothing to be streamed.
  public let decoded: Int
  /// How many of the file's chunks of matrices are pinned, from the first.
  public let pinnedChunks: Int
  public let chunks: Int

  /// The most private memory that the model will use, in bytes.
  public var peak: Int { base + vectors + scratch + workspace + pinned }
}
