internal import ArgumentParser
internal import Synchronization
internal import ThimbleContents
internal import ThimbleFormat
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks every byte of a .thimble file against the specification.",
    discussion: """
      Checks all checksums, encodings and codes, the tokenizer tables, and that every tensor that the configuration \
      needs is there in the right shape. If anything is damaged, names it and ends with exit code 65.

      Example:
        thimble verify xlm.thimble && echo sound
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @OptionGroup var threading: ThreadOptions

  /// Problems that are named; of a file that is damaged throughout nobody reads a million.
  private static let shown = 50

  func run() throws {
    try reportingFailure {
      let file = try ThimbleFile(path: file)
      let progress = Mutex(Progress("Verifying", unit: .bytes, total: file.size))
      let pool = try ComputePool(threadCount: threading.count)
      var problems: [any Error] = try file.verify(pool: pool, kernels: .best) { bytes in
        progress.withLock { $0.update(bytes) }
      }
      progress.withLock { $0.finish() }
      problems += contentProblems(file)
      guard problems.isEmpty else {
        for problem in problems.prefix(Self.shown) { report(problem) }
        if problems.count > Self.shown {
          try StandardStream.error.write("thimble: and \(problems.count - Self.shown) more.\n")
        }
        throw ExitCode(Failure.data.rawValue)
      }
      try StandardStream.output.write(
        "\(file.path.printable()): sound: \(file.tensors.count) tensors in \(grouped(file.chunkCount)) chunks, \(sizeText(file.size))\n"
      )
    }
  }

  /// What is wrong with what the container holds: tokenizer, configuration, and what the sections owe each other.
  private func contentProblems(_ file: ThimbleFile) -> [any Error] {
    var problems: [any Error] = []
    func collect(_ check: () throws -> Void) { do { try check() } catch { problems.append(error) } }
    var tables: TokenizerTables?
    if !file.tokenizer.isEmpty {
      collect {
        tables = try TokenizerTables(view: file.tokenizer)
        try tables?.validate()
      }
    }
    collect {
      let found = ModelSections(file, try FileWeights.configuration(of: file), tables).disagreements
      if !found.isEmpty { throw ModelError.disagreements(path: file.path, found) }
    }
    return problems
  }
}
