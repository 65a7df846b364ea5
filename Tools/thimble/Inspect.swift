internal import ArgumentParser
internal import Thimble
internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleJSON
internal import ThimbleModel
internal import ThimbleSystem
internal import ThimbleText

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is inside a .thimble file.",
    discussion: """
      Reads only the header and the directory, so it is quick at any size. "thimble verify" checks the contents.

      Example:
        thimble inspect xlm.thimble --tensors
      """)

  @Argument(help: "A .thimble file.")
  var file: String

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try reportingFailure {
      let contents = FileContents(try ModelFile(path: file))
      try StandardStream.output.write(json ? contents.json.text(.pretty) + "\n" : text(contents))
    }
  }

  private func text(_ contents: FileContents) -> String {
    let model = contents.configuration
    var output = """
      \(contents.file.path.printable()): \(sizeText(contents.file.size)), \(decimal(contents.bitsPerWeight, 3)) bits per weight
        model       \(model.family.name)\(model.isPreNorm ? " (pre-norm)" : ""), \(model.layerCount) layers, width \(model.embeddingSize), \(model.headCount) heads, \
      \(model.maxPositions) positions
        parameters  \(grouped(contents.parameterCount))
        vocabulary  \(grouped(model.vocabularySize)) tokens, \(contents.tokenizerLine)
        languages   \(contents.languageLine)
        heads       \(contents.headLine)


      """
    output += (tensors ? contents.tensorTable : contents.groupTable).text
    return output
  }
}

/// A count with its thousands apart: "571,696,960".
func grouped(_ count: Int) -> String {
  let digits = Array(String(count))
  var output = ""
  for (index, digit) in digits.enumerated() {
    if index > 0 && (digits.count - index).isMultiple(of: 3) { output.append(",") }
    output.append(digit)
  }
  return output
}

/// What `inspect` tells about a file.
private struct FileContents {
  let file: ThimbleFile
  let configuration: ModelConfiguration
  let parameterCount: Int
  private let tables: TokenizerTables?
  private let groups: [String: ModelTensor.Group]

  init(_ opened: ModelFile) {
    file = opened.file
    configuration = opened.configuration
    tables = opened.tables
    var groups: [String: ModelTensor.Group] = [:]
    for tensor in configuration.encoderSlots.tensors
      + HeadKind.allCases.flatMap(configuration.tensors(of:))
    {
      groups[tensor.name] = tensor.group
    }
    self.groups = groups
    // Column factors are part of a matrix's storage, not parameters of the model.
    let factors = Set(file.tensors.compactMap(\.columnFactors))
    parameterCount = file.tensors.enumerated().reduce(0) {
      $0 + (factors.contains($1.offset) ? 0 : $1.element.shape.valueCount)
    }
  }

  var bitsPerWeight: Double {
    8 * Double(file.size - file.configuration.count - file.tokenizer.count) / Double(parameterCount)
  }

  var tokenizerLine: String {
    guard let tables else { return "no tokenizer in the file" }
    return "tables of \(sizeText(file.tokenizer.count))"
      + (tables.kind == .flaubert ? ", French as FlauBERT's" : "")
      + (tables.lowercases
        ? tables.isCased
          ? ", with capitals (without in mode hf)"
          : tables.kind == .flaubert ? ", lower case" : ", lower case without accents" : "")
      + (tables.addedTokenCount.map { ", \(grouped($0)) added tokens" } ?? "")
  }

  /// The heads that the tensors of the file make up.
  private var heads: [HeadKind] {
    let names = Set(file.tensors.map(\.name))
    return configuration.heads { names.contains($0.name) }
  }

  var headLine: String {
    heads.isEmpty
      ? "none: vectors of texts only" : heads.map(\.purpose).joined(separator: "; ")
  }

  var languageLine: String {
    let names = configuration.languages.map(\.name)
    let list = names.isEmpty ? "none named" : names.printable(count: 200, limit: 20, separator: " ")
    return list + (configuration.hasLanguageEmbeddings ? " (with embeddings)" : "")
  }

  private func bytes(_ tensor: TensorRecord) -> Int {
    tensor.chunks.reduce(0) { $0 + file.chunk($1).size }
  }

  /// "planes 12, zstd 3" for the encodings of the chunks of `tensors`.
  private func encodings(_ tensors: [TensorRecord]) -> [(CodesEncoding, Int)] {
    var counts: [CodesEncoding: Int] = [:]
    for tensor in tensors {
      for chunk in tensor.chunks { counts[file.chunk(chunk).codesEncoding, default: 0] += 1 }
    }
    return CodesEncoding.allCases.compactMap { encoding in counts[encoding].map { (encoding, $0) } }
  }

  private func encodingText(_ tensors: [TensorRecord]) -> String {
    encodings(tensors).map { "\($0.0.word) \(grouped($0.1))" }.joined(separator: ", ")
  }

  var groupTable: Table {
    var table = Table(
      ["group", "tensors", "parameters", "bits/weight", "size", "share", "chunks"],
      [.left, .right, .right, .right, .right, .right, .left])
    for group in ModelTensor.Group.allCases {
      let members = file.tensors.filter { groups[$0.name] == group }
      guard !members.isEmpty else { continue }
      let (parameters, size) = (
        members.reduce(0) { $0 + $1.shape.valueCount }, members.reduce(0) { $0 + bytes($1) }
      )
      table.append([
        group.rawValue, "\(members.count)", grouped(parameters),
        decimal(8 * Double(size) / Double(parameters), 3), sizeText(size),
        decimal(100 * Double(size) / Double(file.size), 1) + " %", encodingText(members),
      ])
    }
    return table
  }

  var tensorTable: Table {
    var table = Table(
      ["tensor", "shape", "kind", "step", "bits/weight", "chunks"],
      [.left, .right, .left, .right, .right, .left])
    for tensor in file.tensors {
      table.append([
        tensor.name, shapeText(tensor.shape), tensor.shape.kind.word,
        tensor.shape.kind == .q8b64 ? decimal(Double(tensor.shape.step) * 1e3, 3) + "e-3" : "",
        decimal(8 * Double(bytes(tensor)) / Double(tensor.shape.valueCount), 3),
        encodingText([tensor]),
      ])
    }
    return table
  }

  private func shapeText(_ shape: TensorShape) -> String {
    shape.rank == 1 ? "\(shape.columns)" : "\(shape.rows) × \(shape.columns)"
  }

  var json: JSONValue {
    .object([
      "path": .string(file.path), "size": JSONValue(file.size),
      "bitsPerWeight": .number(bitsPerWeight), "parameters": JSONValue(parameterCount),
      "tokenizerSize": JSONValue(file.tokenizer.count),
      "heads": .array(
        heads.map { ["class": .string($0.className(in: configuration.family))] }),
      "configuration": configuration.json,
      "tensors": .array(
        file.tensors.map { tensor in
          .object([
            "name": .string(tensor.name), "kind": .string(tensor.shape.kind.word),
            "shape": .array(
              (tensor.shape.rank == 1
                ? [tensor.shape.columns] : [tensor.shape.rows, tensor.shape.columns])
                .map { JSONValue($0) }),
            "step": .number(Double(tensor.shape.step)), "bytes": JSONValue(bytes(tensor)),
            "chunks": .object(
              JSONObject(uniqueEntries: encodings([tensor]).map { ($0.0.word, JSONValue($0.1)) })),
          ])
        }),
    ])
  }
}

extension CodesEncoding {
  fileprivate var word: String {
    switch self {
    case .stored: "stored"
    case .zstd: "zstd"
    case .nibblePlanes: "planes"
    }
  }
}

extension TensorKind {
  fileprivate var word: String { self == .f32 ? "f32" : "q8b64" }
}
