public import ThimbleArchitecture
public import ThimbleCheckpoint

/// A checkpoint understood as a model of the family of XLM: its configuration, its tensors, its tokenizer.
///
/// The weights stay where they are in the mapped files.
public struct ModelCheckpoint: Sendable {
  /// The file with the weights, or with the index of their files.
  public let path: String
  public let container: Checkpoint.Container
  public private(set) var configuration: ModelConfiguration
  /// Every tensor of the model that is there, in the order of computation, heads last. A tied
  /// output matrix is not listed: it is the token embedding.
  public let inventory: [ModelTensor]
  /// The heads of which every tensor is there.
  public let heads: [HeadKind]
  /// What was left out, with the reason.
  public let ignored: [IgnoredTensor]
  /// nil if the checkpoint comes without vocabulary and merges, or an original one without codes.
  public let tokenizer: TokenizerFiles?
  private let tensors: [String: CheckpointTensor]

  /// What a user should know: what the files say and nobody heeds.
  public let warnings: [String]

  public struct IgnoredTensor: Sendable, Equatable {
    public let name: String
    public let reason: String
  }

  /// Opens a checkpoint: a directory as Hugging Face has it, a file of weights with the other files
  /// beside it, or an original checkpoint.
  public static func open(
    _ path: String, options: ImportOptions = ImportOptions()
  ) throws(ImportError) -> ModelCheckpoint {
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint.open(path) } catch { throw .checkpoint(error) }
    let source = try CheckpointSource(checkpoint)
    // The weights first: the message that they do not fit the configuration says more.
    let matching = try TensorMatching(
      source.tensors, configuration: source.configuration, path: checkpoint.path)
    let tokenizer = try TokenizerLoader(source: source, options: options).load()
    var configuration = source.configuration
    // Of the two that name the mask, Hugging Face asks the tokenizer.
    if let mask = tokenizer?.mask { configuration.specialIDs.mask = mask }
    return ModelCheckpoint(
      path: checkpoint.path, container: checkpoint.container, configuration: configuration,
      inventory: matching.inventory, heads: matching.heads, ignored: matching.ignored,
      tokenizer: tokenizer, tensors: matching.tensors,
      warnings: source.warnings + (tokenizer?.warnings ?? [])
        + headWarnings(matching.heads, configuration, architectures: source.architectures))
  }

  private static func headWarnings(
    _ heads: [HeadKind], _ configuration: ModelConfiguration, architectures: [String]
  ) -> [String] {
    var warnings: [String] = []
    for name in architectures {
      if let head = HeadKind(className: name) {
        guard !heads.contains(head), !configuration.tensors(of: head).isEmpty else { continue }
        warnings.append(
          "the configuration says \(name), but the tensors of its head for \(head.purpose) are not there."
        )
      } else if name != configuration.family.classPrefix + "Model" {
        warnings.append(
          "the configuration says \(name); only what it has in common with \(configuration.family.name) is run."
        )
      }
    }
    return warnings
  }

  /// The same, taken for a model whose tokens see only those before them, or for one whose tokens see all. Weights do not
  /// tell, and the configurations of public causal checkpoints are wrong about it.
  public func attending(causally isCausal: Bool) -> ModelCheckpoint {
    var checkpoint = self
    checkpoint.configuration.isCausal = isCausal
    return checkpoint
  }

  /// The tensor with the canonical name `name`, which is in the inventory.
  public func tensor(_ name: String) -> CheckpointTensor? { tensors[name] }
}
