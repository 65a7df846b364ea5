public import Thimble
internal import ThimbleArchitecture
public import ThimbleModel

/// What handlers need to know of the model that is being served. It changes when the file is opened again.
public struct ServedModel: Sendable {
  /// Counts the models that were served since the start, from 0.
  public let generation: Int
  public let text: ModelText
  public let plan: MemoryPlan?
  /// The most tokens of a pass.
  public let passCapacity: Int
  /// The most masks of a text that one pass fills; nil if the model fills no masks.
  public let positionsPerRound: Int?
  /// nil if the model is no classifier.
  public let classes: Classes?

  init(_ model: PassModel, generation: Int) {
    self.generation = generation
    text = model.text
    plan = model.plan
    passCapacity = model.capacity
    positionsPerRound = model.positionsPerRound
    classes = model.classes
  }

  /// The bytes that the readings of `works` take together.
  func readingSize(_ works: [Work]) -> Int {
    let (width, classCount) = (text.configuration.embeddingSize, classes?.labels.count ?? 0)
    return works.reduce(0) { $0 + $1.readingSize(width: width, classCount: classCount) }
  }

  /// What a request wants that names the model alone.
  var naturalEndpoint: Endpoint {
    positionsPerRound != nil ? .fillMask : classes != nil ? .textClassification : .embed
  }

  /// The most masks of a text that one pass fills.
  func fillsMasks() throws(APIError) -> Int {
    guard let positionsPerRound else { throw .lacksHead("that fills masks") }
    return positionsPerRound
  }
}
