/// Names of tensors that are asked for by themselves, and how those in checkpoints map to those of the inventory.
public enum TensorName {
  public static let tokenEmbedding = "transformer.embeddings.weight"
  public static let positionEmbedding = "transformer.position_embeddings.weight"
  static let vocabularyOutput = "pred_layer.proj"
  /// The matrix of the layer that scores the vocabulary, where a checkpoint stores it.
  public static let outputEmbedding = "\(vocabularyOutput).weight"

  /// Whether a tensor called `name` holds column factors.
  public static func isColumnFactors(_ name: String) -> Bool { name.hasSuffix("_factors") }

  /// What reports call the matrix `name`: "attentions.0.q_lin".
  public static func short(_ name: String) -> String {
    var name = name[...]
    if name.hasPrefix("transformer.") { name = name.dropFirst("transformer.".count) }
    if name.hasSuffix(".weight") { name = name.dropLast(".weight".count) }
    return String(name)
  }

  /// The name that Hugging Face gives today to the tensor that a checkpoint calls `name`.
  ///
  /// Undoes what wrappers around a model, headless and original checkpoints (no "transformer.") and old releases
  /// ("gamma", "beta") did to it.
  public static func canonical(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)[...]
    parts.removeAll { innerWrappers.contains(String($0)) }
    while parts.count > 1, let first = parts.first, outerWrappers.contains(String(first)) {
      parts.removeFirst()
    }
    if let first = parts.first, encoderParts.contains(String(first)) {
      parts = ["transformer"] + parts
    }
    if parts.count > 1 {
      if parts.last == "gamma" { parts[parts.endIndex - 1] = "weight" }
      if parts.last == "beta" { parts[parts.endIndex - 1] = "bias" }
    }
    return parts.joined(separator: ".")
  }

  /// What training on several devices and compilers put around a model or a part of it.
  private static let innerWrappers: Set<String> = [
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]
  /// What programs like to call a model that they hold.
  private static let outerWrappers: Set<String> = [
    "model", "base_model", "auto_model", "net", "network", "backbone", "encoder", "xlm",
    "flaubert", "lm", "language_model", "mlm",
  ]

  /// What to do with a tensor that the inventory of a configuration does not have.
  public enum Surplus: Sendable, Equatable {
    /// It changes nothing, for this reason.
    case ignored(reason: String)
    /// The model would compute something else without it.
    case refused(reason: String)
  }

  /// Judges the tensor with the canonical name `name`, which is not in the inventory.
  public static func judgeSurplus(
    _ name: String, _ configuration: ModelConfiguration
  ) -> Surplus {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    if name == outputEmbedding {
      return .ignored(reason: "tied to \(tokenEmbedding)")
    }
    if parts.starts(with: ["pred_layer", "proj"]) {
      return .refused(reason: "it belongs to an adaptive softmax, which is not supported")
    }
    if parts.first == "decoder" {
      return .refused(reason: "it belongs to a decoder, and only encoders are supported")
    }
    guard parts.first == "transformer", parts.count > 1 else {
      return .ignored(reason: "no part of \(configuration.family.name)")
    }
    switch parts[1] {
    case "position_ids":
      return .ignored(reason: "positions are counted, not stored")
    case "lang_embeddings":
      return .ignored(reason: "the configuration says that languages are not embedded")
    case "layer_norm15", "encoder_attn":
      return .refused(reason: "it belongs to a decoder, and only encoders are supported")
    case "memories":
      return .refused(reason: "product-key memory layers are not supported")
    default:
      if parts.count > 2, let layer = Int(parts[2]), layer >= configuration.layerCount {
        return .refused(
          reason: "the configuration says that there are \(configuration.layerCount) layers")
      }
      return .refused(reason: "no tensor of \(configuration.family.name) has that name")
    }
  }

  private static let encoderParts: Set<String> = [
    "position_embeddings", "embeddings", "lang_embeddings", "layer_norm_emb", "attentions",
    "layer_norm1", "ffns", "layer_norm2", "layer_norm15", "encoder_attn", "memories",
    "position_ids",
  ]
}
