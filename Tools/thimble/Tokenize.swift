internal import ArgumentParser
internal import Thimble
internal import ThimbleFormat
internal import ThimbleImport
internal import ThimbleJSON
internal import ThimbleSystem
internal import ThimbleText

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Splits texts into the tokens of a model, or makes text of tokens.",
    discussion: """
      MODEL is a .thimble file or a checkpoint; no weights are read. Prints the id of each token, the bytes of the \
      text that it stands for (- for an added token) and its spelling, </w> at the end of a word. Without TEXT, \
      every line of standard input is a text, answered as it comes.

      Examples:
        thimble tokenize xlm.thimble --lang fr "L'été est là."
        thimble tokenize xlm.thimble --mode hf --json < sentences.txt > tokens.jsonl
        echo "[1, 418, 579, 1]" | thimble tokenize xlm.thimble --decode
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    name: .customLong("lang"),
    help: "The language, whose rules split the text. (default: the rules of English)")
  var language: String?

  @Option(
    help: """
      faithful: the text as the model was trained; hf: as Hugging Face's tokenizer; pretokenized: words are parted by \
      spaces already.
      """,
    transform: EncodingOptions.Mode.init(argument:))
  var mode = EncodingOptions.Mode.faithful

  @Flag(help: "Print JSON, one line for each text: ids, tokens, and offsets in bytes.")
  var json = false

  @Flag(help: "Lines are JSON lists of token ids; print their text.")
  var decode = false

  @Flag(help: "With --decode, leave out <s>, </s>, <pad>, <unk> and the other special tokens.")
  var skipSpecial = false

  @Flag(
    help: """
      Read all of standard input, then print how long the tokenizer took to open and takes for a line, best of ten rounds, \
      and the private memory it holds.
      """)
  var measure = false

  func run() throws {
    try reportingFailure {
      keepHeapSmall()
      let start = monotonicSeconds()
      let tables = try openTables()
      let opening = monotonicSeconds() - start
      if let language, !tables.knownLanguages.contains(language) {
        throw ThimbleError.language(language, known: tables.knownLanguages)
      }
      if measure { return try printMeasures(tables, opening: opening) }
      var printer = TokenPrinter(tables, EncodingOptions(mode: mode, language: language))
      printer.printsJSON = json
      if !decode { try warn(tables.warning(for: printer.options)) }
      if !text.isEmpty {
        for line in text { try answer(Array(line.utf8), &printer) }
        return
      }
      var lines = LineReader(longestLine: 1 << 28)
      var failure: (any Error)?
      while let line = try lines.next() {
        do { try answer(line, &printer) } catch let error as SystemError { throw error } catch {
          // One bad line must not end the stream: it gets its message, and the exit code tells.
          try StandardStream.error.write("thimble: line \(lines.lineNumber): \(error)\n")
          if json {
            let value = JSONValue.object(["error": .string("\(error)")])
            try StandardStream.output.write(value.text() + "\n")
          }
          failure = error
        }
      }
      if let failure { throw ExitCode(Failure(failure).rawValue) }
    }
  }

  /// The tokenizer tables of the model, in place from a .thimble file.
  private func openTables() throws -> TokenizerTables {
    let view: ByteView
    if isThimbleFile(model) {
      view = try ThimbleFile(path: model).tokenizer
    } else {
      view = try ByteView(try XLMCheckpoint.open(model).tokenizerTables() ?? [])
    }
    guard !view.isEmpty else { throw ThimbleError.noTokenizer(path: model) }
    return try TokenizerTables(view: view)
  }

  private func printMeasures(_ tables: TokenizerTables, opening: Double) throws {
    var lines: [[UInt8]] = []
    var reader = LineReader(longestLine: 1 << 28)
    while let line = try reader.next() { lines.append(line) }
    guard !lines.isEmpty else { return }
    let options = EncodingOptions(mode: mode, language: language)
    let before = ProcessMemory.current()?.privateBytes ?? 0
    var tokenizer = Tokenizer(tables: tables)
    var tokens: [Token] = []
    var best = Double.infinity
    var count = 0
    for _ in 0..<10 {
      let start = monotonicSeconds()
      count = 0
      for line in lines {
        try tokenizer.encode(line.span, options, into: &tokens)
        count += tokens.count
        // As little is kept behind a very long text as the tokenizer keeps.
        if tokens.capacity > 1 << 14 { tokens = [] }
      }
      best = min(best, monotonicSeconds() - start)
    }
    let memory = (ProcessMemory.current()?.privateBytes ?? 0) - before
    try StandardStream.output.write(
      """
      tables    \(sizeText(tables.byteCount))
      opening   \(decimal(opening * 1e3, 2)) ms
      a line    \(decimal(best / Double(lines.count) * 1e6, 1)) µs, \
      \(decimal(Double(count) / Double(lines.count), 1)) tokens
      memory    \(sizeText(max(memory, 0))) private, the tables not counted

      """)
  }

  private func answer(_ line: [UInt8], _ printer: inout TokenPrinter) throws {
    if decode {
      let text = printer.tables.decode(try TokenIDs(line).ids, skipSpecial: skipSpecial)
      try StandardStream.output.write(
        (json ? JSONValue.object(["text": .string(text)]).text() : text) + "\n")
    } else {
      try printer.print(line)
    }
  }
}

extension EncodingOptions.Mode {
  fileprivate init(argument: String) throws {
    guard let mode = Self(rawValue: argument) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("there are \(known).")
    }
    self = mode
  }
}

/// Tokens of text after text as lines for people or programs.
private struct TokenPrinter: ~Copyable {
  let tables: TokenizerTables
  let options: EncodingOptions
  var printsJSON = false
  private var tokenizer: Tokenizer
  /// What has not been written yet. A long line has millions of tokens, whose text is never held as a whole.
  private var output = ""

  init(_ tables: TokenizerTables, _ options: EncodingOptions) {
    self.tables = tables
    self.options = options
    tokenizer = Tokenizer(tables: tables)
  }

  mutating func print(_ text: [UInt8]) throws {
    let tokens = try tokenizer.encode(text.span, options)
    if printsJSON {
      try add("{\"ids\":[")
      try add(tokens) { "\($1.id)" }
      try add("],\"tokens\":[")
      try add(tokens) { JSONValue.string($0.token($1.id) ?? "").text() }
      try add("],\"offsets\":[")
      try add(tokens) { "[\($1.range.lowerBound),\($1.range.upperBound)]" }
      try add("]}")
    } else {
      for token in tokens {
        let range = token.isAdded ? "-" : "\(token.range.lowerBound)..<\(token.range.upperBound)"
        let spelling = tables.token(token.id) ?? ""
        try add("\(padded("\(token.id)", 7))  \(padded(range, 11))  \(spelling)\n")
      }
    }
    try add("\n")
    try flush()
  }

  /// Adds the members of a list, one for each of `tokens`.
  private mutating func add(
    _ tokens: [Token], _ text: (TokenizerTables, Token) -> String
  ) throws {
    for (index, token) in tokens.enumerated() {
      try add((index > 0 ? "," : "") + text(tables, token))
    }
  }

  private mutating func add(_ text: String) throws {
    output += text
    if output.utf8.count >= 1 << 16 { try flush() }
  }

  private mutating func flush() throws {
    try StandardStream.output.write(output)
    output.removeAll(keepingCapacity: true)
  }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }
}
