public import Thimble
internal import ThimbleArchitecture
internal import ThimbleJSON
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
  /// Whether it labels the tokens of a text.
  public let tagsTokens: Bool
  /// Whether it finds answers to questions.
  public let answersQuestions: Bool

  init(_ model: Session, generation: Int) {
    self.generation = generation
    text = model.text
    plan = model.plan
    passCapacity = model.capacity
    positionsPerRound = model.positionsPerRound
    classes =
      model.head(SequenceClassifier.self) == nil ? nil : Classes(model.configuration)
    tagsTokens = model.head(TokenClassifier.self) != nil
    answersQuestions = model.head(QuestionAnswering.self) != nil
  }

  /// The bytes that the readings of `works` take together.
  func readingSize<Reader: Head>(_ works: [Work<Reader>]) -> Int {
    works.reduce(0) { $0 + Reader.readingSize(of: $1.query, text.configuration) }
  }

  /// What the model can do, what it was made for first.
  var tasks: [Endpoint] {
    var tasks: [Endpoint] = []
    if positionsPerRound != nil { tasks += [.fillMask, .score] }
    if classes != nil { tasks += [.textClassification, .rerank] }
    if tagsTokens { tasks.append(.tokenClassification) }
    if answersQuestions { tasks.append(.questionAnswering) }
    return tasks + [.embed, .similarity]
  }

  /// What a request wants that names the model alone: what its body fits, among what the model can do.
  ///
  /// Hugging Face's client sends `parameters` for fill-mask and text-classification, even empty ones, and never for
  /// feature-extraction, whose options stand beside the inputs.
  func naturalEndpoint(for body: JSONValue) -> Endpoint {
    let inputs = body["inputs"]
    if inputs?["source_sentence"] != nil || inputs?["sentences"] != nil { return .similarity }
    if inputs?["question"] != nil || inputs?["context"] != nil { return .questionAnswering }
    if body["query"] != nil || body["texts"] != nil { return .rerank }
    let vectorMembers = ["normalize", "pooling", "dimensions", "encoding_format", "prompt_name"]
    if vectorMembers.contains(where: { body[$0] != nil }) { return .embed }
    guard positionsPerRound != nil else {
      return classes != nil ? .textClassification : tagsTokens ? .tokenClassification : .embed
    }
    if body["parameters"] != nil { return .fillMask }
    let texts = inputs?.array ?? [inputs].compactMap(\.self)
    return texts.isEmpty || texts.contains { $0.string.map(hasMask) ?? false } ? .fillMask : .embed
  }

  private func hasMask(_ text: String) -> Bool {
    (FillMaskQuery.maskSpellings + [self.text.text(of: self.text.configuration.specialIDs.mask)])
      .contains { text.contains($0) }
  }

  /// The most masks of a text that one pass fills.
  func fillsMasks() throws(APIError) -> Int {
    guard let positionsPerRound else { throw .lacksHead("that fills masks") }
    return positionsPerRound
  }
}
