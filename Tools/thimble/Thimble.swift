internal import ArgumentParser
internal import ThimbleSystem

@main
struct ThimbleCommand: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "thimble",
    abstract: "Runs XLM and FlauBERT language models in little memory.",
    discussion: """
      Example:
        thimble convert xlm-mlm-100-1280 -o xlm.thimble --bits 6.1
        thimble fill-mask xlm.thimble "Paris is the <mask> of France."
      """,
    version: version,
    subcommands: [
      Convert.self, FillMask.self, Classify.self, Tag.self, Answer.self, Choose.self, Rerank.self,
      Embed.self, Score.self, Complete.self, Tokenize.self, Evaluate.self, Sweep.self,
      Inspect.self, Verify.self, Plan.self, Bench.self, Serve.self,
    ])

  static func main() {
    // Before anything else: a server that has just been started may be told to look again.
    let serves = CommandLine.arguments.dropFirst().first == "serve"
    if serves { Hangup.watch() }
    reportRefusedMemory()
    StandardStream.occupyClosed()
    // A reader that goes away, as in `thimble … | head`, is an error to report, not a signal to die of.
    StandardStream.reportBrokenPipes()
    reportLostFiles()
    if let number = firstArgumentThatIsNotUTF8() {
      try? StandardStream.error.write("thimble: argument \(number) is not UTF-8.\n")
      exit(withError: ExitCode(Failure.usage.rawValue))
    }
    if let message = CommandLine.arguments.dropFirst().first.flatMap(misspelling) {
      try? StandardStream.error.write("thimble: \(message)\n")
      exit(withError: ExitCode(Failure.usage.rawValue))
    }
    do {
      var arguments = Array(CommandLine.arguments.dropFirst())
      if serves { arguments = try Serve.withEnvironment(arguments) }
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch { end(with: error) }
  }

  /// What to say if `word`, where a command is expected, is none.
  private static func misspelling(_ word: String) -> String? {
    let names = configuration.subcommands.map { $0._commandName } + ["help"]
    guard !word.hasPrefix("-"), !names.contains(word) else { return nil }
    let closest = names.map { (name: $0, edits: edits(word, $0)) }.min { $0.edits < $1.edits }
    let hint =
      closest.flatMap { $0.edits <= 1 + $0.name.count / 4 ? "Did you mean \"\($0.name)\"?" : nil }
      ?? "The commands are: \(names.joined(separator: ", "))."
    return "there is no command \"\(word.printable(limit: 60))\". \(hint) See thimble --help."
  }

  /// How many characters must be put in, taken out or exchanged to make `b` of `a`.
  private static func edits(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased().prefix(40)), Array(b))
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let change = diagonal + (character == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }

  /// Writes what is to be said of `error`, --help among it, and ends with its exit code.
  private static func end(with error: any Error) -> Never {
    let code = exitCode(for: error)
    let message = fullMessage(for: error)
    if code == .success {
      try? StandardStream.output.write(message + "\n")
    } else if !message.isEmpty {
      // Arguments are quoted as they were given.
      let text = message.printable(limit: .max, keepsLines: true)
      try? StandardStream.error.write(text + "\n")
    }
    exit(withError: code)
  }
}
