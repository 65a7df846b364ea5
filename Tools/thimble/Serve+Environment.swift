internal import ArgumentParser
internal import ThimbleSystem

extension Serve {
  /// Variables that are no options of `serve`: the key, and what belongs to the whole program.
  private static let others: Set = ["THIMBLE_API_KEY", "THIMBLE_ISA"]

  /// What stands between the values of options that may be repeated.
  private static let separators: [String: Character] = ["--cors-origin": ",", "--prompt": "\n"]

  /// `arguments`, the first of which is the command's name, with the options behind it that variables of the environment give:
  /// `THIMBLE_MAX_BODY` stands for `--max-body`, unless that is among `arguments`.
  ///
  /// - Throws: `ValidationError` with the name of a variable whose value the option does not take.
  static func withEnvironment(_ arguments: [String]) throws -> [String] {
    let given = arguments.map { $0.prefix { $0 != "=" } }
    var options: [String] = []
    for (variable, option, value) in candidates()
    where !given.contains(option[...]) && !given.contains("--no-" + option.dropFirst(2)) {
      options += try Self.option(option, variable, value) ?? []
    }
    return arguments.prefix(1) + options + arguments.dropFirst()
  }

  /// Variables that look like options of `serve`, and are none.
  static func variablesWithoutOption() -> [String] {
    candidates().filter { isUnknown($0.option) }.map(\.variable)
  }

  private static func candidates() -> [(variable: String, option: String, value: String)] {
    environmentVariables().sorted { $0.name < $1.name }
      .filter { $0.name.hasPrefix("THIMBLE_") && !others.contains($0.name) }
      .map { variable in
        let words = variable.name.dropFirst(8).lowercased().split(
          separator: "_", omittingEmptySubsequences: false)
        return (variable.name, "--" + words.joined(separator: "-"), variable.value)
      }
  }

  /// The arguments that give `option` the value of `variable`; nil if there is no such option.
  private static func option(
    _ option: String, _ variable: String, _ value: String
  ) throws -> [String]? {
    guard !isUnknown(option) else { return nil }
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
    let values =
      separators[option].map { value.split(separator: $0).map(String.init) } ?? [value]
    let arguments = values.map { "\(option)=\($0)" }
    do { _ = try Self.parse(["-"] + arguments) } catch {
      throw ValidationError("\(variable): \(Self.message(for: error))")
    }
    return arguments
  }

  private static func isUnknown(_ option: String) -> Bool {
    guard !["--help", "--version"].contains(option) else { return true }
    do { _ = try Self.parse(["-", option + "="]) } catch {
      return Self.message(for: error).contains("Unknown option")
    }
    return false
  }

  private static func isValid(_ arguments: [String]) -> Bool {
    (try? Self.parse(["-"] + arguments)) != nil
  }
}
