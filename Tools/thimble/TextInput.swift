internal import ArgumentParser
internal import Thimble
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

/// How a text, or a list of token ids, is put into a model; the same for every command that runs one.
struct InputOptions: ParsableArguments {
  @Option(
    name: .customLong("lang"),
    help: ArgumentHelp(
      "The language of the texts. Its rules split them into words, and models that know languages are told which it is.",
      valueName: "code"))
  var language: String?

  @Option(
    name: .customLong("compat"),
    help:
      "Prepare texts as in training (</s> text </s>), or as Hugging Face does (<s> text </s>)."
  )
  var convention = Convention.training

  @Flag(help: "Read each text as a JSON list of token ids, ends included, such as [1, 52, 1].")
  var ids = false

  @Flag(help: "Cut texts that are too long, instead of refusing them.")
  var truncate = false

  @Option(
    help: ArgumentHelp(
      "What --truncate cuts off: right for the end of a text, left for its beginning. (default: right)",
      valueName: "side"))
  var truncationSide: TruncationSide?

  func validate() throws {
    if truncationSide != nil, !truncate {
      throw ValidationError("--truncation-side has no effect without --truncate.")
    }
  }

  var text: TextOptions {
    var options = TextOptions()
    options.convention = convention
    options.language = language
    options.truncates = truncate
    options.truncationSide = truncationSide ?? .right
    return options
  }

  /// Refuses options that would have no effect on this model, and says what else a user should know.
  func check(for text: ModelText) throws {
    let cautions = try text.cautions(language: language, convention, readsIDs: ids)
    if let language, !text.usesLanguage(convention, readsIDs: ids) {
      let other = ids ? "--ids" : "--compat hf"
      throw ValidationError(
        "--lang \(language.printable()) has no effect with \(other): this model has no language embeddings. Leave one of the two out."
      )
    }
    for caution in cautions { warn(caution) }
  }
}

/// The options of models that make something of a whole text.
struct SequenceOptions: ParsableArguments {
  @OptionGroup var input: InputOptions

  @Flag(
    inversion: .prefixedNo,
    help: "Add token types, if the model was fine-tuned with them. (default: only with --compat hf)"
  )
  var tokenTypes: Bool?

  var text: TextOptions {
    var options = input.text
    options.addsTypes = tokenTypes
    return options
  }
}

extension InputText {
  /// The bytes as text.
  func string() throws(LineError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
    return text
  }
}

/// Prints a warning. Standard error may be closed; then there is nobody to tell.
func warn(_ warning: String) {
  try? StandardStream.error.write("thimble: \(warning.printable(limit: 4000))\n")
}

/// - Parameter place: of the text that it is about, if it is about one.
func warn(_ caution: TextCaution, at place: String? = nil) {
  let advice =
    switch caution {
    case .noLanguage: " Name it with --lang."
    case .noDictionary: ""
    case .unknownWords: " Is this the right model, and the right --lang?"
    }
  warn("\(place.map { "\($0): " } ?? "")\(caution)\(advice)")
}
