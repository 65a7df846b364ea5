internal import ArgumentParser
internal import ThimbleSystem

extension Serve {
  /// Variables that are no options of `serve`: the key, and what belongs to the whole program.
  private static let others: Set = ["THIMBLE_API_KEY", "THIMBLE_ISA"]

  /// `arguments`, the first of which is the command's name, with the options behind it that variables of the environment give:
  /// `THIMBLE_MAX_BODY` stands for `--max-body`, unless that is among `arguments`. A variable that names no option is warned
  /// about.
  ///
  /// - Throws: `ValidationError` with the name of a variable whose value the option does not take.
  static func withEnvironment(_ arguments: [String]) throws -> [String] {
    var options: [String] = []
    for (variable, value) in environmentVariables().sorted(by: { $0.name < $1.name })
    where variable.hasPrefix("THIMBLE_") && !others.contains(variable) {
      let name = variable.dropFirst(8).lowercased().map { $0 == "_" ? "-" : $0 }
      let option = "--" + String(name)
      let given = arguments.map { $0.prefix { $0 != "=" } }
      guard !given.contains(option[...]), !given.contains("--no-" + option.dropFirst(2)) else {
        continue
      }
      switch try Self.option(option, variable, value) {
      case let option?: options += option
      case nil:
        try? StandardStream.error.write(
          "thimble: \(variable.printable()) is no option of serve, and has no effect.\n")
      }
    }
    return arguments.prefix(1) + options + arguments.dropFirst()
  }

  /// The arguments that give `option` the value of `variable`; nil if there is no such option.
  private static func option(
    _ option: String, _ variable: String, _ value: String
  ) throws -> [String]? {
    guard !["--help", "--version"].contains(option) else { return nil }
    if isValid([option]) {
      switch value.lowercased() {
      case "true", "1", "yes": return [option]
      case "false", "0", "no":
        let inverse = "--no-" + option.dropFirst(2)
        return isValid([inverse]) ? [inverse] : []
      default:
        throw ValidationError("\(variable): \"\(value.printable())\" must be true or false.")
      }
    }
    // What may be repeated has commas between its values.
    let values = option == "--cors-origin" ? value.split(separator: ",").map(String.init) : [value]
    let arguments = values.flatMap { ["\(option)=\($0)"] }
    do { _ = try Self.parse(["-"] + arguments) } catch {
      let message = Self.message(for: error)
      if message.contains("Unknown option") { return nil }
      throw ValidationError("\(variable): \(message)")
    }
    return arguments
  }

  private static func isValid(_ arguments: [String]) -> Bool {
    (try? Self.parse(["-"] + arguments)) != nil
  }
}
