internal import ArgumentParser
internal import Thimble
internal import ThimbleFormat
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem

/// What becomes of the other texts if one cannot be answered.
enum ErrorPolicy: String, CaseIterable, ExpressibleByArgument {
  case proceed = "continue"
  case stop
}

/// How texts are read; the same for every command that does (Formats/command.md).
struct LineOptions: ParsableArguments {
  @Option(
    help:
      "What to do after a text that cannot be answered and gets an error instead: continue with the others, or stop."
  )
  var onError = ErrorPolicy.proceed
}

/// A text to be answered.
struct InputText {
  let bytes: [UInt8]
  /// Its number among the texts, from 0.
  let index: Int
  /// "line 3", or "text 2" of several on the command line; nil for the only one there.
  let place: String?

  /// The text for people, on one line.
  var shown: String { String(printable: bytes.span, limit: 1000) }
}

/// Where the texts of a run come from: the command line, or standard input, line by line as they come.
enum TextSource {
  case arguments(ArraySlice<String>, count: Int)
  case lines(LineReader)

  /// `-` stands for standard input, as no texts do.
  init(_ texts: [String], longestLine: Int) {
    self =
      texts.isEmpty || texts == ["-"]
      ? .lines(LineReader(longestLine: longestLine)) : .arguments(texts[...], count: texts.count)
  }

  /// The next text, or the error that there is in its place; nil at the end.
  mutating func next() throws(SystemError) -> (text: InputText, error: SystemError?)? {
    switch self {
    case .arguments(let rest, let count):
      guard let text = rest.first else { return nil }
      self = .arguments(rest.dropFirst(), count: count)
      let place = count > 1 ? "text \(count - rest.count + 1)" : nil
      return (
        InputText(bytes: Array(text.utf8), index: count - rest.count, place: place), nil
      )
    case .lines(var reader):
      self = .arguments([], count: 0)  // so that the reader has one owner while it changes
      let line = try reader.next()
      let (index, place) = (reader.lineNumber - 1, "line \(reader.lineNumber)")
      self = .lines(reader)
      switch line {
      case .bytes(let bytes): return (InputText(bytes: bytes, index: index, place: place), nil)
      case .tooLong:
        return (
          InputText(bytes: [], index: index, place: place), .lineTooLong(limit: reader.longestLine)
        )
      case nil: return nil
      }
    }
  }

  /// Whether the next text is there already, or that there is none.
  mutating func isReady() throws(SystemError) -> Bool {
    guard case .lines(var reader) = self else { return true }
    self = .arguments([], count: 0)  // as in next()
    let isReady = try reader.isReady()
    self = .lines(reader)
    return isReady
  }
}

extension LineOptions {
  /// Answers each of `texts`, or each line of standard input if there are none: one answer for each, in order.
  ///
  /// A text that cannot be answered gets its message on standard error, and `fail` puts something in its place. At the
  /// end the exit code of the first failure is thrown. What fails for all texts ends the run at once.
  ///
  /// - Parameter longestLine: the most bytes of a line: far more than the tokens of any model, and little memory.
  /// - Returns: how many texts there were.
  @discardableResult
  func forEach(
    _ texts: [String], longestLine: Int = 1 << 20, _ answer: (InputText) throws -> Void,
    orElse fail: (InputText, _ message: String) throws -> Void
  ) throws -> Int {
    var source = TextSource(texts, longestLine: longestLine)
    var failure: ExitCode?
    var count = 0
    while let (text, unread) = try source.next() {
      count += 1
      do {
        if let unread { throw unread }
        try answer(text)
      } catch  where !endsRun(error) {
        report(error, at: text.place)
        failure = failure ?? ExitCode(Failure(error).rawValue)
        try fail(text, explanation(of: error))
        if onError == .stop { break }
      }
    }
    if let failure { throw failure }
    return count
  }
}

/// Whether there is no use in going on with other texts: an output that takes nothing, a model that is damaged.
func endsRun(_ error: any Error) -> Bool {
  switch error {
  case SystemError.lineTooLong: false
  case is SystemError, is ExitCode, is ValidationError: true
  case ThimbleError.model(.weights), ThimbleError.model(.format), ThimbleError.model(.system): true
  default: false
  }
}

/// The line of JSON in place of an answer.
func errorLine(_ message: String) -> String {
  JSONValue.object(["error": .string(message)]).text() + "\n"
}

/// The lines for people in place of an answer.
func errorBlock(_ text: InputText, _ message: String) -> String {
  "\(text.shown)\n  error: \(message)\n"
}

/// Why a line of input is no text, or no list of ids, or cannot be split.
enum LineError: Error, CustomStringConvertible {
  case notUTF8
  case noVocabulary(path: String)
  case noTab
  case fewChoices(found: Int)

  var description: String {
    switch self {
    case .notUTF8: "The text is not UTF-8. Convert it first, for example with iconv."
    case .noVocabulary(let path):
      "\(path.printable()): has no vocabulary. Convert a checkpoint with vocab.json and merges.txt."
    case .noTab: "The line has no tab between a question and its context."
    case .fewChoices(let found):
      "The line has \(found) choices behind the prompt, with tabs between them; at least two are needed."
    }
  }
}

extension InputText {
  /// The ids of a text of `--ids`.
  func ids() throws(ThimbleError) -> [Int] { try TokenIDs(json: bytes).ids }
}

/// What is said once about the texts of a run, however many it concerns.
struct TextNotices {
  private var saidJSON = false
  private var saidUnknown = false

  /// Looks whether a text seems to be meant as something else.
  mutating func look(at text: InputText) {
    let first = text.bytes.first { $0 != 0x20 && $0 != 0x09 }
    guard !saidJSON, first == UInt8(ascii: "[") || first == UInt8(ascii: "{"),
      let value = try? JSONValue(parsing: text.bytes)
    else { return }
    let place = text.place ?? "the text"
    if let list = value.array, !list.isEmpty, list.allSatisfy({ $0.int != nil }) {
      warn("\(place) looks like a list of token ids, but is read as text. For ids, give --ids.")
      saidJSON = true
    } else if value.object != nil {
      warn(
        "\(place) is JSON, and all of it is read as text. Extract the text first, for example with: jq -r .text"
      )
      saidJSON = true
    }
  }

  /// Looks whether much of a text is unknown to the vocabulary.
  mutating func look(_ caution: @autoclosure () -> TextCaution?, at text: InputText) {
    guard !saidUnknown, let caution = caution() else { return }
    warn(caution, at: text.place)
    saidUnknown = true
  }
}
