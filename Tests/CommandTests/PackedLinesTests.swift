import Testing
import ThimbleJSON
import ThimbleTestSupport

@Suite("Many texts at once")
struct PackedLinesTests {
  let model = SmallModel.path

  /// Sentences of many lengths, some with several masks.
  private static let texts: [String] = (0..<70).map { index in
    (0..<(index * 7) % 23 + 1).map { ["the", "house", "is", "größer", "<mask>"][($0 + index) % 5] }
      .joined(separator: " ") + " <mask>"
  }

  private func lines(_ arguments: [String], _ input: [String]) throws -> [Substring] {
    let result = try ChildProcess(
      command, arguments, input: input.map { $0 + "\n" }.joined())
    return result.output.split(separator: "\n")
  }

  @Test(
    "get the answers that each gets alone, however many share a pass",
    arguments: [["embed"], ["fill-mask", "--json"]])
  func alone(name: [String]) throws {
    let long = String(repeating: "house ", count: 600)
    var texts = Self.texts
    texts.insert(long, at: 30)
    let arguments = [name[0], model] + name.dropFirst()
    let together = try lines(arguments, texts)
    #expect(together.count == texts.count)
    #expect(together[30].contains("\"error\""))
    for options in [["--pass-tokens", "128"], ["--pass-tokens", "2048", "--memory", "40M"]] {
      let others = try lines(arguments + options, texts)
      // How many tokens may be is said in the error.
      for index in texts.indices where index != 30 { #expect(others[index] == together[index]) }
    }
    for index in [0, 1, 29, 30, 31, 69, 70] {
      #expect(try lines(arguments, [texts[index]]) == [together[index]])
    }
  }

  @Test("stop where they are told to, without answers behind the failure")
  func stopping() throws {
    let texts = ["a <mask>", "b <mask>", "no gap", "c <mask>"]
    let result = try ChildProcess(
      command, ["fill-mask", model, "--json", "--on-error", "stop"],
      input: texts.joined(separator: "\n"))
    #expect(result.exitCode == 65 && result.output.split(separator: "\n").count == 3)
  }

  @Test("are not waited for: a line typed is a line answered, even if the next has begun")
  func typed() throws {
    let script = """
      coproc T { exec \(command) embed \(model); }
      ask() { printf "$1" >&${T[1]}; read -r -t 60 line <&${T[0]} && echo "${line:0:1}"; }
      ask 'the house\\n'
      ask 'big\\nand the beginning of'
      ask ' another\\n'
      exec {T[1]}>&-
      wait
      """
    let result = try ChildProcess("bash", ["-c", script])
    #expect(result.output == "[\n[\n[\n", "\(result.errors)")
  }

  @Test("passes of a size that makes no sense are refused")
  func size() throws {
    for size in ["0", "15", "100000", "x"] {
      #expect(try thimble("embed", model, "--pass-tokens", size, "a").exitCode == 64)
    }
  }
}
