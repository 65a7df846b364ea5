internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleSystem
internal import ThimbleText

/// Makes tokens of the texts of a task, the same for both models.
struct TaskTexts {
  private let options: TextOptions
  private let model: ModelText
  /// Languages that there are no rules for.
  private let unknown: Set<String>
  /// How many texts were cut, because they had more tokens than the model has positions.
  private(set) var cutCount = 0

  /// - Parameters:
  ///   - options: their language, if there is one, is that of every example.
  ///   - languages: of the examples.
  ///   - warn: called with what a user should know, once for each cause.
  init(
    _ options: TextOptions, _ model: ModelText, _ languages: [String], readsIDs: Bool,
    _ warn: (String) -> Void
  ) {
    self.options = options
    self.model = model
    var seen: Set<String> = []
    let names = (options.language.map { [$0] } ?? languages).filter { seen.insert($0).inserted }
    // To a model with language embeddings a language that it does not know is an error, at its first example.
    let known = model.tables.map { Set($0.knownLanguages) }
    let isFree = !readsIDs && !model.configuration.hasLanguageEmbeddings && options.language == nil
    unknown = isFree ? Set(names).subtracting(known ?? Set(names)) : []
    for name in names {
      if unknown.contains(name) {
        warn(
          "\"\(name)\" is not a language of this model: its examples are split by language-independent rules. A file is named after its language, as in dev-de.tsv."
        )
      } else {
        let cautions = try? model.cautions(
          language: name, options.convention, readsIDs: readsIDs)
        for caution in cautions ?? [] { warn("\(caution)") }
      }
    }
  }

  func options(for language: String) -> TextOptions {
    var options = options
    options.language = options.language ?? (unknown.contains(language) ? nil : language)
    return options
  }

  /// `first`, or `first` and `second` as a pair, cut if they are too long.
  mutating func input(
    _ first: String, pairedWith second: String? = nil, in language: String,
    with texts: TextEncoder
  ) throws(ThimbleError) -> SequenceInput {
    var options = options(for: language)
    do { return try texts.input(first, pairedWith: second, options) } catch {
      guard case .tooLong = error else { throw error }
    }
    cutCount += 1
    options.truncates = true
    return try texts.input(first, pairedWith: second, options)
  }

  /// `text` as a JSON list of token ids, ends included.
  func input(ids text: String, of example: SimilarityTask.Example) throws -> SequenceInput {
    let ids: [Int]
    do { ids = try TokenIDs(json: Array(text.utf8)).ids } catch {
      throw EvaluationError.line(
        path: example.path, number: example.number, reason: error.description)
    }
    return try model.input(ids: ids, options(for: example.language))
  }
}
