internal import ArgumentParser
internal import Thimble
internal import ThimbleModel
internal import ThimbleSystem

/// A number of bytes as people write it: "64M", "1.5G", "430MB", "512KiB".
struct ByteCount: ExpressibleByArgument, Equatable, CustomStringConvertible {
  let bytes: Int

  /// The shortest way to write it.
  var description: String {
    for (unit, shift) in [("G", 30), ("M", 20), ("K", 10)]
    where bytes > 0 && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)"
  }

  var defaultValueDescription: String { description }

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let text = argument.uppercased()
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let units: [String: Double] = [
      "": 1, "B": 1, "K": 0x1p10, "KIB": 0x1p10, "KB": 1e3, "M": 0x1p20, "MIB": 0x1p20, "MB": 1e6,
      "G": 0x1p30, "GIB": 0x1p30, "GB": 1e9,
    ]
    guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))],
      number >= 0, number * unit < 1e15
    else { return nil }
    bytes = Int(number * unit)
  }
}

/// `--memory`: a number of bytes, or "auto".
struct MemoryArgument: ExpressibleByArgument {
  let budget: MemoryBudget

  static let automatic = MemoryArgument(budget: .automatic)

  init(budget: MemoryBudget) { self.budget = budget }

  var defaultValueDescription: String { "auto" }

  init?(argument: String) {
    if argument == "auto" {
      budget = .automatic
    } else if let count = ByteCount(argument: argument) {
      budget = .bytes(count.bytes)
    } else {
      return nil
    }
  }
}

/// How many threads compute; the same for every command that does.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Number of threads. (default: the processors that this process may use)")
  var threads: Int?

  var count: Int { threads ?? ComputePool.usableProcessors() }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): must be 1 to 1024.")
    }
  }
}

/// How a model is run; the same for every command that runs one.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most private memory to use: 64M, 1G, or auto. Weights that do not fit are decoded at each use.",
      valueName: "size"))
  var memory = MemoryArgument.automatic

  @OptionGroup var threading: ThreadOptions

  @Option(
    help:
      "The type that inputs of int8 weights are rounded to; int16 has less error but takes twice the multiplications."
  )
  var activations = ActivationPrecision.int8

  @Flag(
    name: .shortAndLong,
    help: "Print on standard error what is kept in memory and, at the end, how much was used.")
  var verbose = false

  var run: RunOptions {
    var run = RunOptions(
      memory: memory.budget, threads: threading.threads, isa: environment("THIMBLE_ISA"))
    run.activations = activations
    return run
  }
}

extension ModelOptions {
  /// With `--verbose`, says where the memory of a model goes.
  func announce(_ source: ModelSource) {
    guard verbose else { return }
    var line =
      "\(source.path.printable()): \(source.threads) threads, kernels \(source.kernels.name), "
    if let plan = source.plan {
      line += "\(activations.rawValue) activations, "
      line +=
        plan.pinnedChunks == plan.chunks
        ? "all weights pinned"
        : "\(grouped(plan.pinnedChunks)) of \(grouped(plan.chunks)) chunks pinned, the others decoded at each use"
      line += "; at most \(sizeText(plan.peak)) of private memory for \(plan.maximumTokens) tokens"
    } else {
      line += "in place in fp32"
    }
    try? StandardStream.error.write(line + "\n")
  }

  /// With `--verbose`, says what memory the process has come to use.
  func account() {
    guard verbose, let memory = ProcessMemory.current() else { return }
    try? StandardStream.error.write(
      "private memory \(sizeText(memory.privateBytes)), with mapped files at most \(sizeText(memory.peakResidentBytes))\n"
    )
  }
}
