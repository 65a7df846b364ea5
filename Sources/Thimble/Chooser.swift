internal import ThimbleModel

/// Tells which of several texts fits a prompt best, by a model that was fine-tuned for multiple choice.
///
///     let chooser = try Chooser(.file("swag.thimble"))
///     let shares = try chooser.choose("She opened the door", among: ["and went in.", "and flew."])
public final class Chooser {
  public let session: Session
  /// Makes inputs of texts.
  public let texts: TextEncoder

  /// - Throws: `ModelError.head` if the model has no head for it.
  public init(_ source: ModelSource) throws {
    session = try Session(source, needing: MultipleChoice.self)
    texts = TextEncoder(session.text)
  }

  /// The prompt with each of `choices`, as a pair of texts.
  public func inputs(
    _ prompt: String, among choices: [String], _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> [SequenceInput] {
    try choices.map { choice throws(ThimbleError) in
      try texts.input(prompt, pairedWith: choice, options)
    }
  }

  /// For each of `choices` its probability among them.
  public func choose(
    _ prompt: String, among choices: [String], _ options: TextOptions = TextOptions()
  ) throws(ThimbleError) -> [Double] {
    let inputs = try inputs(prompt, among: choices, options)
    return Self.shares(
      try session.read(MultipleChoice.self, inputs.map { ($0, MultipleChoice.Query()) }))
  }

  /// The probabilities that the scores of a prompt's choices come to.
  public static func shares(_ scores: [Float]) -> [Double] { softmax(scores) }
}
