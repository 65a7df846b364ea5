public import Thimble
public import ThimbleModel

/// What handlers need to know of the model that is being served. It changes when the file is opened again.
public struct ServedModel: Sendable {
  /// Counts the models that were served since the start, from 0.
  public let generation: Int
  public let text: ModelText
  public let plan: MemoryPlan?
  /// The most tokens of a pass.
  public let passCapacity: Int
  /// Positions that are scored at once.
  public let positionsPerRound: Int

  init(_ model: LanguageModel, generation: Int) {
    self.generation = generation
    text = model.text
    plan = model.plan
    passCapacity = model.passCapacity
    positionsPerRound = model.masked.positionsPerRound
  }
}
