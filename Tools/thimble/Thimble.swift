internal import ArgumentParser

@main
struct ThimbleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "thimble")
}
