import Testing
import ThimbleTestSupport

@Suite("A file that is changed while it is in use gives no wrong answer")
struct ChangedFileTests {
  let folder = TemporaryFolder()
  static let text = "Elle a ouvert la <mask> de la maison."

  /// What fill-mask prints when it is asked, the shell runs `change` with the file's path as $1, and it is asked again.
  func conversation(_ change: String, _ arguments: String = "") throws -> (
    answers: [String], errors: String
  ) {
    let path = try folder.write(bytes(SmallModel.path), to: "model.thimble")
    let script = """
      coproc T { '\(command)' fill-mask '\(path)' \(arguments) --json 2>'\(folder("errors"))'; }
      pid=$T_PID
      exec 3>&${T[1]}- 4<&${T[0]}
      echo '\(Self.text)' >&3
      read -r answer <&4
      echo "$answer"
      set -- '\(path)' '\(folder("other"))'
      \(change)
      echo '\(Self.text)' >&3
      exec 3>&-
      read -r answer <&4 && echo "$answer"
      wait $pid
      echo "code $?"
      """
    let result = try ChildProcess("bash", ["-c", script])
    return (
      result.output.split(separator: "\n").map(String.init),
      try String(decoding: bytes(folder("errors")), as: UTF8.self)
    )
  }

  @Test(
    "but an error, whether weights are kept or read again",
    arguments: [
      "head -c $(stat -c %s \"$1\") /dev/zero | dd of=\"$1\" conv=notrunc status=none",
      "cat \"$1\" >\"$2\"; sleep 0.01; dd if=\"$2\" of=\"$1\" conv=notrunc status=none",
      "truncate -s +1 \"$1\"",
    ], ["--memory 16M", "--memory 64M"])
  func written(change: String, memory: String) throws {
    let (answers, errors) = try conversation(change, memory)
    #expect(answers.first?.contains("porte") == true)
    #expect(answers.last == "code 65" && !answers.dropFirst().contains { $0.contains("porte") })
    #expect(errors.contains("was changed while it was in use"), "\(errors)")
  }

  @Test(
    "and one that is replaced by renaming, or removed, goes on as it was",
    arguments: ["cp \"$1\" \"$2\"; mv \"$2\" \"$1\"", "rm \"$1\"", "chmod 600 \"$1\""])
  func replaced(change: String) throws {
    let (answers, errors) = try conversation(change)
    #expect(answers.count == 3 && answers.last == "code 0", "\(errors)")
    #expect(answers[0] == answers[1])
  }
}
