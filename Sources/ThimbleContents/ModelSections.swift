public import ThimbleArchitecture
public import ThimbleFormat
internal import ThimbleSystem
public import ThimbleText

/// What the sections of a model's file say, and the one list of what they owe each other.
///
/// Whoever writes a file checks it first; whoever opens one checks it before anything else. What is on the list need not be
/// looked at again: no table is then asked for a row that it does not have.
public struct ModelSections: Sendable {
  public var configuration: ModelConfiguration
  public var tensors: [StoredTensor]
  /// nil for a model without tokenizer.
  public var tokenizer: TokenizerTables?

  public init(
    _ configuration: ModelConfiguration, _ tensors: [StoredTensor], _ tokenizer: TokenizerTables?
  ) {
    self.configuration = configuration
    self.tensors = tensors
    self.tokenizer = tokenizer
  }

  /// The sections of `file`, of which configuration and tokenizer have been read.
  public init(
    _ file: ThimbleFile, _ configuration: ModelConfiguration, _ tokenizer: TokenizerTables?
  ) {
    self.init(
      configuration, file.tensors.map { StoredTensor($0.shape, columnFactors: $0.columnFactors) },
      tokenizer)
  }

  /// Every relation that does not hold, in the order of the list; empty if the sections fit each other.
  public var disagreements: [Disagreement] {
    tokenizerDisagreements + TensorRelations(self).disagreements
  }

  private var tokenizerDisagreements: [Disagreement] {
    guard let tokenizer else { return [] }
    var found: [Disagreement] = []
    func check(_ holds: Bool, _ reason: @autoclosure () -> String) {
      if !holds { found.append(Disagreement(.tokenizer, .configuration, reason())) }
    }
    let size = configuration.vocabularySize
    check(
      tokenizer.tokenCount <= size,
      "the tokenizer has \(tokenizer.tokenCount) tokens, \"vocab_size\" is \(size)")
    let special = tokenizer.specialTokens
    // A vocabulary without them has them under their usual ids.
    for id in [special.beginning, special.separator, special.unknown] where id >= size {
      check(false, "the tokenizer adds the token \(id), \"vocab_size\" is \(size)")
    }
    for (field, path) in ModelConfiguration.SpecialIDs.fields {
      guard let token = ModelConfiguration.SpecialIDs.token(field, of: tokenizer) else { continue }
      let id = configuration.specialIDs[keyPath: path]
      check(
        token.id == id,
        "\"\(field)\" is \(id), the vocabulary has \(token.name.printable()) as \(token.id)")
    }
    check(
      tokenizer.languages.elementsEqual(configuration.languages.map(\.name)),
      "they name other languages, or in another order")
    return found
  }
}

/// A tensor as a file stores it.
public struct StoredTensor: Sendable {
  let shape: TensorShape
  /// The index of the tensor that holds its column factors, if it has any.
  let columnFactors: Int?

  public init(_ shape: TensorShape, columnFactors: Int?) {
    self.shape = shape
    self.columnFactors = columnFactors
  }

  var name: String { shape.name }
  /// Rows first.
  var dimensions: [Int] { shape.rank == 1 ? [shape.columns] : [shape.rows, shape.columns] }
}

extension ModelConfiguration.SpecialIDs {
  /// What `tokens` has where a configuration has an id under `field`, and how the vocabulary spells it.
  fileprivate static func token(_ field: String, of tables: TokenizerTables) -> (
    name: String, id: Int
  )? {
    // The checkpoint may have named another mask than the vocabulary's.
    if field == "mask_index" {
      return tables.specialTokens.mask.map { (tables.token($0) ?? "the mask", $0) }
    }
    let names = [
      "bos_index": "<s>", "eos_index": "</s>", "pad_index": "<pad>", "unk_index": "<unk>",
    ]
    return names[field].flatMap { name in tables.id(of: name).map { (name, $0) } }
  }
}
