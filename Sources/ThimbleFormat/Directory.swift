internal import ThimbleSystem

/// What the directory of a file says, checked against every rule that can be checked without the chunks.
struct Directory {
  let configuration: Range<Int>
  let configurationHash: UInt64
  /// Empty: no tokenizer.
  let tokenizer: Range<Int>
  let tokenizerHash: UInt64
  let tensors: [TensorRecord]
  let chunkCount: Int
  /// The chunk records, in place.
  let chunkRecords: ByteView

  init(of file: ByteView, header: Header, path: String) throws(FormatError) {
    func check(_ holds: Bool, _ rule: String) throws(FormatError) {
      guard holds else { throw .invalid(path: path, part: "directory", rule: rule) }
    }
    // The header has been checked: the directory lies in the file.
    let start = Int(header.directoryOffset)
    let bytes = file[start..<start + Int(header.directorySize)]
    try check(bytes.count >= Layout.directoryHeadSize, "smaller than its head")
    guard bytes.xxh64 == header.directoryHash else { throw .damaged(path: path, part: "directory") }
    func word(_ offset: Int) -> UInt64 { bytes.load(at: offset, as: UInt64.self) }
    func integer(_ offset: Int) -> Int { Int(bytes.load(at: offset, as: UInt32.self)) }

    try check(word(0) == UInt64(Layout.headerSize), "the configuration does not follow the header")
    try check(
      (2...UInt64(Layout.maximumConfigurationSize)).contains(word(8)),
      "the configuration has \(word(8)) bytes; 2 to \(Layout.maximumConfigurationSize) are allowed")
    let tokenizerStart = Layout.align64(word(0) + word(8))
    try check(word(24) == tokenizerStart, "the tokenizer does not follow the configuration")
    try check(
      word(32) <= UInt64(Layout.maximumTokenizerSize), "the tokenizer has \(word(32)) bytes")
    let tokenizerEnd = tokenizerStart + word(32)
    try check(tokenizerEnd <= header.directoryOffset, "the tokenizer passes the end of the file")
    configuration = Int(word(0))..<Int(word(0) + word(8))
    configurationHash = word(16)
    tokenizer = Int(tokenizerStart)..<Int(tokenizerEnd)
    tokenizerHash = word(40)

    let (tensorCount, namesSize) = (integer(48), integer(56))
    chunkCount = integer(52)
    try check((1...Layout.maximumTensorCount).contains(tensorCount), "\(tensorCount) tensors")
    try check((tensorCount...Layout.maximumChunkCount).contains(chunkCount), "\(chunkCount) chunks")
    try check(integer(60) == 0, "reserved bytes are not zero")
    let recordsEnd = Layout.directoryHeadSize + tensorCount * Layout.tensorRecordSize
    let chunksEnd = recordsEnd + chunkCount * Layout.chunkRecordSize
    try check(
      bytes.count == chunksEnd + namesSize,
      "\(bytes.count) bytes, its counts need \(chunksEnd + namesSize)")
    chunkRecords = bytes[recordsEnd..<chunksEnd]
    tensors = try Self.readTensors(
      bytes[Layout.directoryHeadSize..<recordsEnd], names: bytes[chunksEnd..<bytes.count],
      chunkCount: chunkCount, path: path)
    try checkChunks(from: tokenizerEnd, to: header.directoryOffset, path: path)
  }

  private static func readTensors(
    _ records: ByteView, names: ByteView, chunkCount: Int, path: String
  ) throws(FormatError) -> [TensorRecord] {
    var tensors: [TensorRecord] = []
    var seen: Set<String> = []
    var (nameOffset, firstChunk) = (0, 0)
    let count = records.count / Layout.tensorRecordSize
    tensors.reserveCapacity(count)
    func invalid(_ rule: String) -> FormatError {
      .invalid(path: path, part: "directory", rule: rule)
    }
    for index in 0..<count {
      let start = index * Layout.tensorRecordSize
      let tensor: TensorRecord
      switch TensorRecord.read(
        records[start..<start + Layout.tensorRecordSize], names: names, nameOffset: nameOffset,
        firstChunk: firstChunk)
      {
      case .success(let read): tensor = read
      case .failure(let broken): throw invalid("record \(index): \(broken.rule)")
      }
      guard seen.insert(tensor.name).inserted else {
        throw invalid("two tensors are named \"\(tensor.name)\"")
      }
      nameOffset += tensor.name.utf8.count
      firstChunk += tensor.shape.chunkCount
      tensors.append(tensor)
    }
    guard firstChunk == chunkCount else {
      throw invalid("the tensors have \(firstChunk) chunks, not \(chunkCount)")
    }
    guard nameOffset == names.count else { throw invalid("bytes after the last name") }
    for tensor in tensors {
      guard let factors = tensor.columnFactors else { continue }
      guard tensor.shape.kind == .q8b64, factors < count, tensors[factors].shape.rank == 1,
        tensors[factors].shape.columns == tensor.shape.columns
      else {
        throw invalid(
          "tensor \"\(tensor.name)\": its column factors are not \(tensor.shape.columns) values")
      }
    }
    return tensors
  }

  /// Checks that the chunks fill the file from `start` to `end` without holes, in order.
  private func checkChunks(from start: UInt64, to end: UInt64, path: String) throws(FormatError) {
    var position = start
    for tensor in tensors {
      position = Layout.align64(position)
      for (index, chunk) in tensor.chunks.enumerated() {
        func invalid(_ rule: String) -> FormatError {
          .invalid(path: path, part: "tensor \"\(tensor.name)\", chunk \(index)", rule: rule)
        }
        let offset = chunk * Layout.chunkRecordSize
        guard
          let record = ChunkRecord.read(chunkRecords[offset..<offset + Layout.chunkRecordSize])
        else { throw invalid("unknown encoding, or reserved bytes that are not zero") }
        guard record.offset == position else {
          throw invalid("begins at byte \(record.offset), the preceding ends at \(position)")
        }
        if let rule = record.brokenRule(chunk: index, of: tensor.shape) { throw invalid(rule) }
        position += UInt64(record.size)
        guard position <= end else { throw invalid("passes the end of the chunks") }
      }
    }
    guard Layout.align64(position) == end else {
      throw .invalid(
        path: path, part: "directory",
        rule: "begins at byte \(end), the last chunk ends at \(position)")
    }
  }
}
