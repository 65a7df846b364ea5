internal import ArgumentParser
internal import Synchronization
internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks every byte of a .thimble file against the specification.",
    discussion: """
      Checks all checksums, encodings and codes, the tokenizer tables, and that every tensor that the configuration \
      needs is there in its shape. Names what is damaged; the exit code is 65 then.

      Example:
        thimble verify xlm.thimble && echo sound
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Option(help: "Threads. (default: the processors that this process may use)")
  var threads: Int?

  func run() throws {
    try reportingFailure {
      let file = try ThimbleFile(path: file)
      let progress = Mutex(Progress("Verifying", unit: .bytes, total: file.size))
      let pool = try ComputePool(threadCount: max(threads ?? ComputePool.usableProcessors(), 1))
      var problems: [any Error] = try file.verify(pool: pool, kernels: .best) { bytes in
        progress.withLock { $0.update(bytes) }
      }
      progress.withLock { $0.finish() }
      problems += contentProblems(file)
      guard problems.isEmpty else {
        for problem in problems { report(problem) }
        throw ExitCode(Failure.data.rawValue)
      }
      try StandardStream.output.write(
        "\(file.path.printable()): sound: \(file.tensors.count) tensors in \(grouped(file.chunkCount)) chunks, \(sizeText(file.size))\n"
      )
    }
  }

  /// What is wrong with what the container holds: tokenizer, configuration, tensors.
  private func contentProblems(_ file: ThimbleFile) -> [any Error] {
    var problems: [any Error] = []
    func collect(_ check: () throws -> Void) { do { try check() } catch { problems.append(error) } }
    if !file.tokenizer.isEmpty {
      collect { try TokenizerTables(view: file.tokenizer).validate() }
    }
    collect {
      let configuration = try FileWeights.configuration(of: file)
      var missing: [String] = []
      let wanted = configuration.encoderTensors
      for tensor in wanted {
        guard let found = file.tensor(named: tensor.name) else {
          missing.append(tensor.name)
          continue
        }
        let shape =
          found.shape.rank == 1 ? [found.shape.columns] : [found.shape.rows, found.shape.columns]
        if shape != tensor.shape {
          problems.append(
            ModelError.shape(
              path: file.path, tensor: tensor.name, found: shape, expected: tensor.shape))
        }
      }
      if !missing.isEmpty { throw ModelError.missingTensors(path: file.path, tensors: missing) }
    }
    return problems
  }
}
