internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleSystem

/// How a model is made to read from left to right; the same for every command that needs one that does.
struct CausalOptions: ParsableArguments {
  @Flag(
    help:
      "Run the model causally, whatever its configuration says: each token sees only those before it."
  )
  var causal = false

  /// `path` as a model that predicts tokens, made causal if that is asked for.
  func open(_ path: String, _ options: RunOptions) throws -> ModelSource {
    var options = options
    if causal { options.isCausal = true }
    let source = try openSource(path, options, heads: [MaskedLanguageModel.self])
    if causal, !source.provider.configuration.isCausal {
      warn(
        "\(path): its configuration says causal: false, but it is run causally. Of a model that was trained with masks that means little; one that was trained causally can be converted with --causal."
      )
    }
    return source
  }
}
