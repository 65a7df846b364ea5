/// A text, or a pair of texts, as an encoder takes it.
public struct SequenceInput: Sendable, Equatable {
  /// Ends included.
  public let ids: [Int32]
  /// For each token the id whose word embedding is added as its token type; nil for none.
  let types: [Int32]?
  /// For each token where it stands in the text; nil: one behind the other.
  let places: [Int32]?
  /// The id of the language whose embedding is added; nil for models to which it does not matter.
  let language: Int32?

  /// - Parameter ids: ends included, padding not.
  public init(ids: [Int]) {
    self.init(ids: ids.map { Int32(clamping: $0) }, types: nil, language: nil)
  }

  /// - Parameters:
  ///   - ids: ends included, padding not.
  ///   - language: the id of the language whose embedding is added.
  public init(ids: [Int32], language: Int32?) {
    self.init(ids: ids, types: nil, language: language)
  }

  init(ids: [Int32], types: [Int32]?, places: [Int32]? = nil, language: Int32?) {
    self.ids = ids
    self.types = types
    self.places = places
    self.language = language
  }

  /// The ids of one text as `options` put it into the model.
  ///
  /// - Parameters:
  ///   - ids: ends included, padding not.
  ///   - language: that of `ModelText.languageID`.
  public init(ids: [Int], _ options: TextOptions, language: Int32? = nil) {
    self.init(
      ids: ids.map { Int32(clamping: $0) },
      types: options.hasTypes ? [Int32](repeating: 0, count: ids.count) : nil, language: language)
  }

  /// The same with other tokens, as many as there were.
  func exchanging(_ ids: [Int32]) -> SequenceInput {
    SequenceInput(ids: ids, types: types, places: places, language: language)
  }

  /// Whether both may be in one pass.
  public func fits(with other: SequenceInput) -> Bool {
    (language == nil) == (other.language == nil) && (types == nil) == (other.types == nil)
  }
}
