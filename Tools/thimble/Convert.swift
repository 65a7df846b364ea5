internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleCalibration
internal import ThimbleConvert
internal import ThimbleImport
internal import ThimbleJSON
internal import ThimbleSystem

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a checkpoint into one small .thimble file.",
    discussion: """
      CHECKPOINT is a folder as downloaded from Hugging Face (safetensors or torch, in one file or \
      several), a file of weights with the other files beside it, or an original .pth. The output \
      file appears only when it is complete; until then an existing one stays as it is.

      --quality means about these bits per weight, depending on how the weights are \
      distributed: tiny 4.1, small 5.1, balanced 6.1, high 6.7, near-lossless 7.0.

      Examples:
        thimble convert xlm-mlm-100-1280 -o xlm.thimble
        thimble convert xlm-mlm-100-1280 -o xlm.thimble --bits 5.5
        thimble convert xlm-mlm-100-1280 -o xlm.thimble --size 430MB --json
        thimble convert xlm-mlm-100-1280 -o xlm.thimble --calibrate sentences/ --max-kl 0.001
      """)

  @Argument(help: "The checkpoint.")
  var checkpoint: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
  var output: String

  @Option(help: "Bits per weight, counting everything but configuration and tokenizer.")
  var bits: Double?

  @Option(help: ArgumentHelp("The largest size of the file: 430MB, 400MiB.", valueName: "size"))
  var size: ByteCount?

  @Option(
    help: ArgumentHelp(
      "tiny, small, balanced, high or near-lossless. (default: balanced)", valueName: "name"),
    transform: Quality.init(argument:))
  var quality: Quality?

  @OptionGroup(title: "Calibration") var calibrating: CalibrationOptions

  @OptionGroup var threading: ThreadOptions

  @Option(
    help: ArgumentHelp("The vocabulary, if it is not beside the weights.", valueName: "file"))
  var vocab: String?

  @Option(help: ArgumentHelp("The merges, if they are not beside the weights.", valueName: "file"))
  var merges: String?

  @Option(
    name: .customLong("zh-dict"),
    help: ArgumentHelp(
      "Words for splitting Chinese text: jieba's dict.txt, or what Tools/tokenizer-dictionaries writes.",
      valueName: "file"))
  var chineseDictionary: String?

  @Option(
    name: .customLong("th-dict"),
    help: ArgumentHelp("Words for splitting Thai text, one per line.", valueName: "file"))
  var thaiDictionary: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Lower-case text; XLM's also loses its accents. (default: as the checkpoint says)")
  var lowercase: Bool?

  @Flag(
    inversion: .prefixedNo,
    help:
      "Write a causal model, whose tokens see only those before them. (default: as the checkpoint says; that of xlm-clm-enfr-1024 and xlm-clm-ende-1024 says no, though they are)"
  )
  var causal: Bool?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    let rates = [bits != nil, size != nil, quality != nil, calibrating.maxKl != nil]
    guard rates.count(where: \.self) <= 1 else {
      throw ValidationError("--bits, --size, --quality and --max-kl exclude each other.")
    }
    if let bits, !(bits > 0 && bits.isFinite) {
      throw ValidationError("--bits \(bits): must be a number above 0, such as 6.1.")
    }
    if let size, size.bytes == 0 { throw ValidationError("--size: must be at least one byte.") }
  }

  var threadCount: Int { threading.count }

  func kernels() throws -> KernelTable {
    try environment("THIMBLE_ISA").map(KernelTable.named) ?? .best
  }

  var rate: Rate {
    if let bits { return .bits(bits) }
    if let size { return .size(size.bytes) }
    return .quality(quality ?? .balanced)
  }

  func run() throws {
    try reportingFailure {
      let start = monotonicSeconds()
      try checkOutput()
      var opened = try ModelCheckpoint.open(
        checkpoint,
        options: ImportOptions(
          vocabularyPath: vocab, mergesPath: merges, lowercases: lowercase,
          chineseDictionaryPath: chineseDictionary, thaiDictionaryPath: thaiDictionary))
      warn(of: opened, checkpoint)
      if let causal { opened = opened.attending(causally: causal) }
      let source = try ConversionSource(opened)
      try checkSpace(for: opened)
      let recipe = try recipe(for: opened, source)
      let stages = Stages(
        (recipe?.stages ?? []).map { ($0.name, $0.usualShare) } + [
          ("Converting", CalibrationStage.shareOfConverting)
        ])
      let calibration = try recipe.map { try learn(by: $0, stages) }
      let converter = try Converter(
        source, rate: calibration?.rate ?? rate, calibration: calibration?.guide,
        threadCount: threadCount, kernels: try kernels())
      let learning = monotonicSeconds() - start
      stages.next()
      let report = try converter.convert(to: output) {
        stages.update(Double($0.bytesDone) / Double(max($0.bytesTotal, 1)))
      }
      stages.finish()
      let outcome = Outcome(
        report: report, checkpoint: opened, path: output, seconds: monotonicSeconds() - start,
        secondsOfLearning: calibration == nil ? nil : learning)
      try StandardStream.output.write(json ? outcome.json : outcome.text)
    }
  }

  /// Whatever can be wrong with the file to be written shows before anything is computed.
  private func checkOutput() throws {
    guard output != "-" else {
      throw ValidationError("--output -: a .thimble file cannot be written to a pipe. Name a file.")
    }
    guard !isSameFile(output, checkpoint) else {
      throw ValidationError("--output \(output): that is the checkpoint. Choose another name.")
    }
    try protectOutput()
    do throws(SystemError) { _ = try OutputFile(path: output) } catch {
      throw ConvertError.system(error)
    }
  }

  /// A full disk shows too, as far as it can be foretold.
  private func checkSpace(for checkpoint: ModelCheckpoint) throws {
    let count = Double(checkpoint.inventory.map(\.elementCount).reduce(0, +))
    let needed =
      switch rate {
      case .bits(let bits): count / 8 * min(bits, 8)
      case .size(let size): min(Double(size), count)
      case .quality(let quality): count / 8 * quality.usualBits
      }
    // A file that is made for calibrating lies beside it for a while.
    let files = calibrating.material != nil ? 2.0 : 1.0
    let folder = OutputFile.folder(of: output)
    guard let available = freeSpace(inFolder: folder), Double(available) < 0.9 * files * needed
    else {
      return
    }
    throw ConvertError.system(
      .noSpace(path: folder, needed: Int(files * needed), available: available))
  }

  /// A slip of the keyboard must not cost somebody their checkpoint.
  private func protectOutput() throws {
    guard kind(ofPath: output) == .file, !isThimbleFile(output),
      try !MappedFile(path: output).bytes.isEmpty
    else { return }
    throw ValidationError(
      "\(output) exists and is not a .thimble file. Remove it first, or choose another name.")
  }
}

extension Quality {
  fileprivate init(argument: String) throws {
    guard let quality = Quality(rawValue: argument) else {
      throw ValidationError(
        "must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    self = quality
  }
}
