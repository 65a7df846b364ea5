internal import ArgumentParser
internal import ThimbleServer
internal import ThimbleSystem

/// What `serve` puts before the texts whose vectors are wanted.
struct PromptOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A text that requests for embeddings may put before theirs, by its name: \"query=query: \". May be repeated.",
      valueName: "name=text"))
  var prompt: [String] = []

  @Option(
    help: ArgumentHelp(
      "Put this text before those of requests for embeddings that name no prompt.",
      valueName: "text"))
  var defaultPrompt: String?

  @Option(
    help: ArgumentHelp("The same with the text of a --prompt, by its name.", valueName: "name"))
  var defaultPromptName: String?

  func validate() throws {
    if defaultPrompt != nil, defaultPromptName != nil {
      throw ValidationError(
        "--default-prompt and --default-prompt-name say the same: give one of them.")
    }
    _ = try named
  }

  private var named: [(name: String, text: String)] {
    get throws {
      try prompt.map { prompt in
        let parts = prompt.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
          throw ValidationError(
            "--prompt \(prompt.printable()): must be a name, = and a text, such as \"query=query: \"."
          )
        }
        return (String(parts[0]), String(parts[1]))
      }
    }
  }

  /// The prompts that the server knows.
  var prompts: Prompts {
    get throws {
      let named = try named
      do throws(PromptError) {
        guard let defaultPromptName else { return try Prompts(named, standard: defaultPrompt) }
        return try Prompts(named, standardName: defaultPromptName)
      } catch {
        let option = if case .twice = error { "--prompt" } else { "--default-prompt-name" }
        throw ValidationError("\(option): \(error)")
      }
    }
  }
}
