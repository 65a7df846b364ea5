internal import ThimbleArchitecture
public import ThimbleFormat
public import ThimbleJSON
internal import ThimbleSystem

/// The parts of a .thimble file, free to be changed, and written with every place and checksum right: what is wrong with
/// such a file is what its parts say. Tools/Fuzz uses it too.
public struct FileParts: Sendable {
  public var configuration: [UInt8]
  public var tokenizer: [UInt8]
  public var tensors: [Tensor] = []

  /// The fields of a tensor record that do not follow from others, and its chunks.
  public struct Tensor: Sendable {
    public var name: [UInt8]
    public var kind: UInt8
    public var rank: UInt8
    public var rows: UInt32
    public var columns: UInt32
    public var panelsPerChunk: UInt32
    public var step: UInt32
    /// 1 + the index of the tensor with its column factors, or 0.
    public var columnFactors: UInt32 = 0
    public var chunks: [Chunk] = []
  }

  public struct Chunk: Sendable {
    public var codes: [UInt8]
    public var scales: [UInt8] = []
    public var codesEncoding: UInt8 = 0
    public var scalesEncoding: UInt8 = 0

    public init(
      codes: [UInt8], scales: [UInt8] = [], codesEncoding: UInt8 = 0, scalesEncoding: UInt8 = 0
    ) {
      (self.codes, self.scales) = (codes, scales)
      (self.codesEncoding, self.scalesEncoding) = (codesEncoding, scalesEncoding)
    }
  }

  public init(_ file: ThimbleFile) {
    configuration = file.configuration.bytes()
    tokenizer = file.tokenizer.bytes()
    tensors = file.tensors.map { tensor in
      let shape = tensor.shape
      var part = Tensor(shape)
      part.columnFactors = UInt32(tensor.columnFactors.map { $0 + 1 } ?? 0)
      part.chunks = tensor.chunks.map { index in
        let (record, bytes) = (file.chunk(index), file.storedBytes(ofChunk: index).bytes())
        return Chunk(
          codes: Array(bytes[..<record.codesSize]), scales: Array(bytes[record.codesSize...]),
          codesEncoding: record.codesEncoding.rawValue,
          scalesEncoding: record.scalesEncoding.rawValue)
      }
      return part
    }
  }

  /// All of the file.
  public func bytes() throws -> [UInt8] {
    var writer = Bytes()
    var directory = Bytes()
    writer.pad(to: 64)
    for section in [configuration, tokenizer] {
      writer.align()
      directory.append(UInt64(writer.bytes.count))
      directory.append(UInt64(section.count))
      directory.append(try ByteView(section).xxh64)
      writer.bytes += section
    }
    let chunkCount = tensors.map(\.chunks.count).reduce(0, +)
    let names = tensors.map(\.name).reduce([], +)
    for count in [tensors.count, chunkCount, names.count, 0] { directory.append(UInt32(count)) }
    var records = Bytes()
    var (nameOffset, firstChunk) = (0, 0)
    for tensor in tensors {
      writer.align()
      directory.append(tensor, nameOffset: nameOffset, firstChunk: firstChunk)
      (nameOffset, firstChunk) = (nameOffset + tensor.name.count, firstChunk + tensor.chunks.count)
      for chunk in tensor.chunks {
        try records.append(chunk, at: writer.bytes.count)
        writer.bytes += chunk.codes + chunk.scales
      }
    }
    writer.align()
    let start = writer.bytes.count
    directory.bytes += records.bytes + names
    var header = Bytes(bytes: [
      0x89, 0x54, 0x48, 0x4D, 0x42, 0x0D, 0x0A, 0x1A, 1, 0, 0, 0, 0, 0, 0, 0,
    ])
    for value in [start + directory.bytes.count, start, directory.bytes.count] {
      header.append(UInt64(value))
    }
    header.append(try ByteView(directory.bytes).xxh64)
    header.append(UInt64(0))
    header.append(try ByteView(header.bytes).xxh64)
    return header.bytes + writer.bytes[64...] + directory.bytes
  }

  /// Little-endian integers, one behind the other.
  private struct Bytes {
    var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
      for shift in stride(from: 0, to: value.bitWidth, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
    }

    mutating func pad(to count: Int) {
      bytes += [UInt8](repeating: 0, count: max(count - bytes.count, 0))
    }

    mutating func align() { pad(to: (bytes.count + 63) / 64 * 64) }

    mutating func append(_ tensor: Tensor, nameOffset: Int, firstChunk: Int) {
      let end = bytes.count + 64
      append(UInt32(nameOffset))
      append(UInt16(truncatingIfNeeded: tensor.name.count))
      append(tensor.kind)
      append(tensor.rank)
      for value in [
        tensor.rows, tensor.columns, UInt32(firstChunk), UInt32(tensor.chunks.count),
        tensor.panelsPerChunk, tensor.step, tensor.columnFactors,
      ] { append(value) }
      pad(to: end)
    }

    mutating func append(_ chunk: Chunk, at place: Int) throws {
      let end = bytes.count + 32
      append(UInt64(place))
      append(try ByteView(chunk.codes + chunk.scales).xxh64)
      append(UInt32(chunk.codes.count))
      append(UInt32(chunk.scales.count))
      append(chunk.codesEncoding)
      append(chunk.scalesEncoding)
      pad(to: end)
    }
  }
}

extension FileParts.Tensor {
  /// The record of `shape`, without chunks.
  public init(_ shape: TensorShape) {
    self.init(
      name: Array(shape.name.utf8), kind: shape.kind.rawValue, rank: UInt8(shape.rank),
      rows: UInt32(shape.rows), columns: UInt32(shape.columns),
      panelsPerChunk: UInt32(shape.panelsPerChunk), step: shape.step.bitPattern)
  }

  /// A tensor of made-up weights, stored as they are; matrices of 64 rows or more are quantised.
  public init(_ name: String, shape: [Int], seed: inout UInt64) {
    let isQuantised = shape.count == 2 && shape[0] >= 64
    let columns = shape[shape.count - 1]
    let made: TensorShape =
      isQuantised
      ? .q8b64(name: name, rows: shape[0], columns: columns, panelsPerChunk: 2, step: 0.01)
      : .f32(name: name, rows: shape.count == 2 ? shape[0] : nil, columns: columns)
    self.init(made)
    func next() -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 56)
    }
    for chunk in 0..<made.chunkCount {
      var codes: [UInt8] = []
      if isQuantised {
        let k = made.paddedColumns
        codes = [UInt8](repeating: 128, count: made.codesSize(ofChunk: chunk))
        for (index, panel) in made.panels(ofChunk: chunk).enumerated() {
          for row in 0..<min(32, made.rows - 32 * panel) {
            for column in 0..<columns {
              codes[index * 32 * k + (column / 4 * 32 + row) * 4 + column % 4] =
                UInt8(128 + next() % 41 - 20)
            }
          }
        }
      } else {
        for _ in 0..<made.codesSize(ofChunk: chunk) / 4 {
          let bits = (0.5 + Float(next()) / 256).bitPattern
          codes += (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
        }
      }
      chunks.append(FileParts.Chunk(codes: codes))
    }
  }
}

extension FileParts {
  /// A model of one layer of width 64 with heads for language, classes of texts, classes of tokens and answers, of made-up weights.
  /// Its matrices are quantised, some with column factors.
  public init(tokenizer: [UInt8], vocabularySize: Int, languages: [String]) throws {
    var ids = JSONObject()
    for (id, name) in languages.enumerated() { ids.set(name, to: JSONValue(id)) }
    let json: JSONValue = .object([
      "model_type": "xlm", "emb_dim": 64, "n_layers": 1, "n_heads": 2,
      "vocab_size": JSONValue(vocabularySize), "max_position_embeddings": 96,
      "n_langs": JSONValue(languages.count), "use_lang_emb": true, "lang2id": .object(ids),
      "id2label": ["0": "no", "1": "maybe", "2": "yes"],
    ])
    configuration = Array(json.text().utf8)
    self.tokenizer = tokenizer
    let model = try ModelConfiguration(json: json)
    var seed: UInt64 = 1
    let heads: [HeadKind] = [
      .languageModel, .sequenceClassification, .tokenClassification, .beamQuestionAnswering,
    ]
    for tensor in model.encoderSlots.tensors + heads.flatMap(model.tensors(of:)) {
      tensors.append(Tensor(tensor.name, shape: tensor.shape, seed: &seed))
    }
    let attention = "transformer.attentions.0"
    let inner = "transformer.ffns.0.lin2.weight"
    for (factors, matrices, count) in [
      (
        "\(attention).input_factors",
        ["q_lin", "k_lin", "v_lin"].map { "\(attention).\($0).weight" }, 64
      ),
      ("transformer.ffns.0.inner_factors", [inner], 256),
    ] {
      tensors.append(Tensor(factors, shape: [count], seed: &seed))
      let place = UInt32(tensors.count)
      for name in matrices { self[name]?.columnFactors = place }
    }
  }

  /// The tensor called `name`; setting nil removes it.
  public subscript(name: String) -> Tensor? {
    get { tensors.first { $0.name.elementsEqual(name.utf8) } }
    set {
      guard let place = tensors.firstIndex(where: { $0.name.elementsEqual(name.utf8) }) else {
        if let newValue { tensors.append(newValue) }
        return
      }
      if let newValue {
        tensors[place] = newValue
        return
      }
      tensors.remove(at: place)
      for index in tensors.indices where tensors[index].columnFactors > place {
        tensors[index].columnFactors -= 1
      }
    }
  }

  /// Gives the tensor called `name` another shape, with weights that fit it.
  public mutating func reshape(_ name: String, to shape: [Int]) {
    var seed: UInt64 = 7
    let factors = self[name]?.columnFactors ?? 0
    self[name] = Tensor(name, shape: shape, seed: &seed)
    if self[name]?.kind == 1 { self[name]?.columnFactors = factors }
  }

  /// Sets a field of the configuration.
  public mutating func set(_ field: String, to value: JSONValue) {
    guard case .object(var object)? = try? JSONValue(parsing: configuration) else { return }
    object.set(field, to: value)
    configuration = Array(JSONValue.object(object).text().utf8)
  }
}
