internal import ArgumentParser
internal import Thimble
internal import ThimbleSystem

/// How texts are put into a model that makes something of whole texts.
struct TextInputOptions: ParsableArguments {
  @Option(name: .customLong("lang"), help: "The language of the text, for models that use it.")
  var language: String?

  @Option(
    name: .customLong("compat"),
    help:
      "training: </s> text </s>, as the model was trained; hf: <s> text </s> and token types, as Hugging Face.",
    transform: Convention.init(argument:))
  var convention = Convention.training

  @Flag(
    inversion: .prefixedNo,
    help: "Whether token types are added, as the model was fine-tuned. (default: as --compat says)")
  var tokenTypes: Bool?

  @Flag(help: "Lines are JSON lists of token ids, ends included.")
  var ids = false

  @Flag(help: "Cut texts that are too long, instead of refusing them.")
  var truncate = false

  var text: TextOptions {
    var options = TextOptions()
    options.convention = convention
    options.addsTypes = tokenTypes
    options.language = language
    options.truncates = truncate
    return options
  }

  /// `line` for the model of `sequences`. A tab separates the two texts of a pair.
  func input(_ line: [UInt8], _ sequences: SequenceEncoder) throws -> SequenceInput {
    if ids { return SequenceInput(ids: try TokenIDs(line).ids) }
    guard let text = String(validating: line, as: UTF8.self) else { throw LineError.notUTF8 }
    let parts = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      .map(String.init)
    return try sequences.input(parts[0], pairedWith: parts.count > 1 ? parts[1] : nil, self.text)
  }
}

/// Prints a warning, if there is one.
func warn(_ warning: String?) throws {
  if let warning { try StandardStream.error.write("thimble: \(warning)\n") }
}

/// Answers each of `texts`, or each line of standard input if there are none, as it comes.
///
/// A bad line gets its message, and the exit code tells; the others are answered all the same.
func forEachText(_ texts: [String], _ answer: ([UInt8]) throws -> Void) throws {
  if !texts.isEmpty {
    for text in texts { try answer(Array(text.utf8)) }
    return
  }
  var lines = LineReader()
  var failure: (any Error)?
  while let line = try lines.next() {
    guard !line.isEmpty else { continue }
    do { try answer(line) } catch let error as SystemError { throw error } catch {
      try StandardStream.error.write("thimble: line \(lines.lineNumber): \(error)\n")
      failure = error
    }
  }
  if let failure { throw ExitCode(Failure(failure).rawValue) }
}
