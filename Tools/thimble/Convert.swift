internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleImport
internal import ThimbleJSON
internal import ThimbleSystem

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes one small .thimble file of a checkpoint.",
    discussion: """
      CHECKPOINT is a folder as Hugging Face has it (safetensors or torch, in one file or \
      several), a file of weights with the other files beside it, or an original .pth. The file \
      appears when it is complete; until then an old one stays as it is.

      The qualities have about these bits per weight, depending on how the weights are \
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

  @Option(help: "Bits per weight, everything but configuration and tokenizer counted.")
  var bits: Double?

  @Option(help: ArgumentHelp("The most that the file may have: 430MB, 400MiB.", valueName: "size"))
  var size: ByteCount?

  @Option(
    help: ArgumentHelp(
      "tiny, small, balanced, high or near-lossless. (default: balanced)", valueName: "name"),
    transform: Quality.init(argument:))
  var quality: Quality?

  @OptionGroup(title: "Calibration") var calibrating: CalibrationOptions

  @Option(help: "Threads. (default: the processors that this process may use)")
  var threads: Int?

  @Option(
    help: ArgumentHelp("The vocabulary, if it is not beside the weights.", valueName: "file"))
  var vocab: String?

  @Option(help: ArgumentHelp("The merges, if they are not beside the weights.", valueName: "file"))
  var merges: String?

  @Option(
    name: .customLong("zh-dict"),
    help: ArgumentHelp(
      "Chinese words, by which text is split: jieba's dict.txt, or what Tools/tokenizer-dictionaries writes.",
      valueName: "file"))
  var chineseDictionary: String?

  @Option(
    name: .customLong("th-dict"),
    help: ArgumentHelp("Thai words, one in a line, by which text is split.", valueName: "file"))
  var thaiDictionary: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether text loses capitals and accents. (default: as the checkpoint says)")
  var lowercase: Bool?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    let rates = [bits != nil, size != nil, quality != nil, calibrating.maxKl != nil]
    guard rates.count(where: \.self) <= 1 else {
      throw ValidationError("--bits, --size, --quality and --max-kl exclude each other.")
    }
    if let bits, !(bits > 0 && bits.isFinite) {
      throw ValidationError("--bits \(bits): a number above 0 is needed, such as 6.1.")
    }
    if let size, size.bytes == 0 { throw ValidationError("--size: a file has at least one byte.") }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): 1 to 1024 make sense.")
    }
  }

  var threadCount: Int { threads ?? ComputePool.usableProcessors() }

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
      try protectOutput()
      // A path that cannot be written shows before anything is computed.
      do throws(SystemError) { _ = try OutputFile(path: output) } catch {
        throw ConvertError.system(error)
      }
      let opened = try XLMCheckpoint.open(
        checkpoint,
        options: ImportOptions(
          vocabularyPath: vocab, mergesPath: merges, lowercases: lowercase,
          chineseDictionaryPath: chineseDictionary, thaiDictionaryPath: thaiDictionary))
      let source = try ConversionSource(opened)
      let (rate, guide) = try learn(from: opened, source)
      let converter = try Converter(
        source, rate: rate, calibration: guide, threadCount: threadCount,
        kernels: try kernels())
      var progress: Progress?
      let report = try converter.convert(to: output) {
        progress = progress ?? Progress("Converting", unit: .bytes, total: $0.bytesTotal)
        progress?.update($0.bytesDone)
      }
      progress?.finish()
      try StandardStream.output.write(
        json ? report.json(opened, output) : report.text(opened, output))
    }
  }

  /// A slip of the keyboard must not cost somebody their checkpoint.
  private func protectOutput() throws {
    guard kind(ofPath: output) == .file, !isThimbleFile(output),
      try !MappedFile(path: output).bytes.isEmpty
    else { return }
    throw ValidationError(
      "\(output) exists and is no .thimble file. Remove it first, or choose another name.")
  }
}

extension Quality {
  fileprivate init(argument: String) throws {
    guard let quality = Quality(rawValue: argument) else {
      throw ValidationError(
        "one of \(Self.allCases.map(\.rawValue).joined(separator: ", ")) is needed.")
    }
    self = quality
  }
}

extension ConversionReport {
  fileprivate func text(_ checkpoint: XLMCheckpoint, _ path: String) -> String {
    var table = Table(
      ["part", "weights", "bits/weight", "SQNR dB"], [.left, .right, .right, .right])
    func append(_ name: String, _ count: Int, _ bits: Double, _ sqnr: Double?) {
      table.append([name, grouped(count), decimal(bits, 2), sqnr.map { decimal($0, 1) } ?? "exact"])
    }
    for group in groups {
      append(group.group.rawValue, group.parameterCount, group.bitsPerWeight, group.sqnr)
    }
    append("in all", parameterCount, bitsPerWeight, sqnr)
    var text = table.text + "\n"
    for tensor in checkpoint.ignored { text += "Left out: \(tensor.name): \(tensor.reason).\n" }
    if checkpoint.tokenizer == nil {
      text += "Without tokenizer: no vocabulary and merges lie beside the weights.\n"
    }
    text += "\(path): \(sizeText(fileSize)) in \(decimal(seconds, 1)) s"
    if let peakPrivateBytes { text += ", with \(sizeText(peakPrivateBytes)) of memory" }
    return text + "\n"
  }

  fileprivate func json(_ checkpoint: XLMCheckpoint, _ path: String) -> String {
    func number(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
    let groups = groups.map { group in
      JSONValue.object([
        "name": .string(group.group.rawValue), "parameters": JSONValue(group.parameterCount),
        "size": JSONValue(group.size), "bitsPerWeight": JSONValue(group.bitsPerWeight),
        "sqnr": number(group.sqnr),
      ])
    }
    let ignored = checkpoint.ignored.map {
      JSONValue.object(["name": .string($0.name), "reason": .string($0.reason)])
    }
    return JSONValue.object([
      "file": .string(path), "size": JSONValue(fileSize), "parameters": JSONValue(parameterCount),
      "bitsPerWeight": JSONValue(bitsPerWeight), "sqnr": number(sqnr),
      "seconds": JSONValue(seconds),
      "peakPrivateBytes": peakPrivateBytes.map { JSONValue($0) } ?? .null,
      "hasTokenizer": .bool(checkpoint.tokenizer != nil), "groups": .array(groups),
      "ignored": .array(ignored),
    ]).text(.pretty) + "\n"
  }
}
