internal import ArgumentParser
internal import Thimble
internal import ThimbleFormat
internal import ThimbleImport
internal import ThimbleJSON
internal import ThimbleReference
internal import ThimbleSystem
internal import ThimbleText

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Splits texts into a model's tokens, or turns tokens back into text.",
    discussion: """
      MODEL is a .thimble file or a checkpoint; no weights are read. Prints for each token its id, the bytes of the \
      text that it stands for (- for an added token) and its spelling, with </w> at the end of a word. These are the \
      tokens that fill-mask, embed and classify use with the same --lang and --compat. Without TEXT, or with -, every \
      line of standard input is a text and is answered as it comes. <mask>, [MASK] and <special1> all mean the mask.

      Examples:
        thimble tokenize xlm.thimble --lang fr "L'été est là."
        thimble tokenize xlm.thimble --compat hf --json < sentences.txt > tokens.jsonl
        echo "[1, 418, 579, 1]" | thimble tokenize xlm.thimble --decode
      """)

  @Argument(help: "A .thimble file or a checkpoint.")
  var model: String

  @Argument(help: "Texts. (default: the lines of standard input)")
  var text: [String] = []

  @Option(
    name: .customLong("lang"),
    help: ArgumentHelp(
      "The language whose rules split the text. (default: Hugging Face's language-independent rules)",
      valueName: "code"))
  var language: String?

  @Option(
    name: .customLong("compat"),
    help:
      "Prepare texts as in training (</s> text </s>), or as Hugging Face does (<s> text </s>). (default: training)"
  )
  var convention: Convention?

  @Option(
    help: """
      Choose the splitting rules directly: those of training, those of Hugging Face's tokenizer (with --lang, of its \
      private _tokenize), or none, for text already split at spaces. (default: as --lang and --compat say)
      """)
  var mode: EncodingOptions.Mode?

  @Flag(help: "Print JSON, one line for each text: ids, tokens, and offsets in bytes.")
  var json = false

  @Flag(help: "Read each text as a JSON list of token ids, and print the text that they stand for.")
  var decode = false

  @Flag(help: "With --decode, leave out <s>, </s>, <pad>, <unk> and the other special tokens.")
  var skipSpecial = false

  @Flag(
    help: """
      Read all of standard input, then print how long the tokenizer takes to open and to split a line (best of ten \
      rounds), and how much private memory it holds.
      """)
  var measure = false

  @OptionGroup var lines: LineOptions

  private var encoding: EncodingOptions {
    guard let mode else { return (convention ?? .training).encoding(language: language) }
    return EncodingOptions(
      mode: mode, language: language, maskSpellings: FillMaskQuery.maskSpellings)
  }

  func validate() throws {
    func refuse(_ isGiven: Bool, _ option: String, with other: String) throws {
      guard isGiven else { return }
      throw ValidationError("\(option) has no effect with \(other). Leave one of the two out.")
    }
    if mode != nil { try refuse(convention != nil, "--compat", with: "--mode") }
    if convention == .huggingFace, !decode {
      try refuse(language != nil, "--lang", with: "--compat hf")
    }
    if decode {
      try refuse(language != nil, "--lang", with: "--decode")
      try refuse(convention != nil, "--compat", with: "--decode")
      try refuse(mode != nil, "--mode", with: "--decode")
      try refuse(measure, "--measure", with: "--decode")
    } else if skipSpecial {
      throw ValidationError("--skip-special has no effect without --decode.")
    }
    if measure {
      try refuse(json, "--json", with: "--measure")
      try refuse(!text.isEmpty && text != ["-"], "TEXT", with: "--measure")
    }
  }

  func run() throws {
    try reportingFailure {
      keepHeapSmall()
      let start = monotonicSeconds()
      let tables = try openTables()
      let opening = monotonicSeconds() - start
      if let language, Int(language) == nil, !tables.knownLanguages.contains(language) {
        throw ThimbleError.language(language, known: tables.knownLanguages)
      }
      if measure { return try printMeasures(tables, opening: opening) }
      try decode ? printTexts(tables) : printTokens(tables)
    }
  }

  private func printTokens(_ tables: TokenizerTables) throws {
    if let warning = tables.warning(for: encoding) { warn(warning) }
    var printer = TokenPrinter(tables, encoding)
    printer.printsJSON = json
    var notices = TextNotices()
    let special = tables.specialTokens
    // Each byte of a line takes up to 120 of memory while it is split.
    try lines.forEach(text, longestLine: 4 << 20) { line in
      notices.look(at: line)
      let tokens = try printer.print(line.bytes)
      notices.look(
        TextCaution(
          tokens: tokens.lazy.map(\.id), unknown: special.unknown,
          ends: [special.beginning, special.separator]), at: line)
    } orElse: { line, message in
      try StandardStream.output.write(
        json ? errorLine(message) : errorBlock(line, message) + "\n")
    }
  }

  private func printTexts(_ tables: TokenizerTables) throws {
    try lines.forEach(text) { line in
      let ids = try line.ids()
      for id in ids where id < 0 || id >= tables.tokenCount {
        throw ThimbleError.tokenID(id, vocabularySize: tables.tokenCount)
      }
      let text = tables.decode(ids, skipSpecial: skipSpecial)
      try StandardStream.output.write(
        (json ? JSONValue.object(["text": .string(text)]).text() : text.printable(limit: .max))
          + "\n")
    } orElse: { _, message in
      // An empty line keeps the place of a text.
      try StandardStream.output.write(json ? errorLine(message) : "\n")
    }
  }

  /// The tokenizer tables of the model, in place from a .thimble file.
  private func openTables() throws -> TokenizerTables {
    let tables: TokenizerTables?
    if isThimbleFile(model) {
      tables = try ModelFile(path: model).tables
    } else {
      let checkpoint = try ModelCheckpoint.open(model)
      warn(of: checkpoint, model)
      tables = try checkpoint.openTokenizer()
    }
    guard let tables else { throw LineError.noVocabulary(path: model) }
    return tables
  }

  private func printMeasures(_ tables: TokenizerTables, opening: Double) throws {
    var lines: [[UInt8]] = []
    var reader = LineReader(longestLine: 1 << 28)
    while let line = try reader.next() {
      guard case .bytes(let bytes) = line else {
        throw SystemError.lineTooLong(limit: reader.longestLine)
      }
      lines.append(bytes)
    }
    guard !lines.isEmpty else { return }
    let options = encoding
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

  /// - Returns: the tokens that were printed.
  mutating func print(_ text: [UInt8]) throws -> [Token] {
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
        let spelling = (tables.token(token.id) ?? "").printable()
        try add("\(padded("\(token.id)", 7))  \(padded(range, 11))  \(spelling)\n")
      }
    }
    try add("\n")
    try flush()
    return tokens
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
