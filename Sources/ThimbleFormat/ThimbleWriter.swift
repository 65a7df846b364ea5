internal import ThimbleSystem

/// Writes a .thimble file front to back. The target appears, complete and durable, at `finish`.
public final class ThimbleWriter {
  private let output: OutputFile
  private var head = ByteWriter()
  private var tensors: [TensorRecord] = []
  private var names: Set<String> = []
  private var chunks: [ChunkRecord] = []

  /// Begins the file that will be `path`.
  ///
  /// - Parameters:
  ///   - configuration: JSON text, 2 to 1,048,576 bytes.
  ///   - tokenizer: the tokenizer's tables; empty for none.
  public init(
    path: String, configuration: [UInt8], tokenizer: [UInt8]
  ) throws(FormatError) {
    try Self.check(
      (2...Layout.maximumConfigurationSize).contains(configuration.count), "configuration",
      "\(configuration.count) bytes; 2 to \(Layout.maximumConfigurationSize) are allowed")
    try Self.check(
      tokenizer.count <= Layout.maximumTokenizerSize, "tokenizer",
      "\(tokenizer.count) bytes; at most \(Layout.maximumTokenizerSize) are allowed")
    do {
      output = try OutputFile(path: path)
      try output.append([UInt8](repeating: 0, count: Layout.headerSize))
      try append(configuration)
      try pad()
      try append(tokenizer)
    } catch { throw .system(error) }
  }

  private static func check(
    _ holds: Bool, _ part: String, _ rule: String
  ) throws(FormatError) {
    guard holds else { throw .unwritable(part: part, rule: rule) }
  }

  private func append(_ section: [UInt8]) throws(SystemError) {
    head.append(UInt64(output.position))
    head.append(UInt64(section.count))
    head.append(try ByteView(section).xxh64)
    try output.append(section)
  }

  private func pad() throws(SystemError) {
    let position = UInt64(output.position)
    try output.append([UInt8](repeating: 0, count: Int(Layout.align64(position) - position)))
  }

  /// Claims the space for `byteCount` bytes, so that a full disk shows before the work is done.
  public func reserve(_ byteCount: Int) throws(FormatError) {
    do { try output.reserve(byteCount) } catch { throw .system(error) }
  }

  /// Bytes written so far.
  public var position: Int { output.position }

  /// Begins a tensor; exactly `shape.chunkCount` calls of `append` must follow.
  ///
  /// - Parameter columnFactors: the index, in order of `begin`, of the tensor that holds its column factors.
  public func begin(_ shape: TensorShape, columnFactors: Int? = nil) throws(FormatError) {
    precondition(isComplete, "the preceding tensor lacks chunks")
    let part = "tensor \"\(shape.name)\""
    try Self.check(shape.brokenRule == nil, part, shape.brokenRule ?? "")
    try Self.check(names.insert(shape.name).inserted, part, "it is written twice")
    try Self.check(
      tensors.count < Layout.maximumTensorCount
        && shape.chunkCount <= Layout.maximumChunkCount - chunks.count, part,
      "a file has at most \(Layout.maximumTensorCount) tensors and \(Layout.maximumChunkCount) chunks"
    )
    do { try pad() } catch { throw .system(error) }
    tensors.append(
      TensorRecord(shape: shape, firstChunk: chunks.count, columnFactors: columnFactors))
  }

  private var isComplete: Bool { tensors.last.map { $0.chunks.upperBound == chunks.count } ?? true }

  /// Appends the next chunk of the tensor that was begun last.
  public func append(_ chunk: EncodedChunk) throws(FormatError) {
    precondition(!isComplete, "no tensor misses a chunk")
    chunks.append(
      ChunkRecord(
        offset: UInt64(output.position), hash: ByteView(chunk.bytes)[0..<chunk.size].xxh64,
        codesSize: chunk.codesSize, scalesSize: chunk.scalesSize,
        codesEncoding: chunk.codesEncoding, scalesEncoding: chunk.scalesEncoding))
    do { try output.append(chunk.bytes, 0..<chunk.size) } catch { throw .system(error) }
  }

  /// Writes directory and header, makes the file durable and gives it its name.
  ///
  /// - Returns: bytes of the file.
  @discardableResult
  public func finish() throws(FormatError) -> Int {
    precondition(isComplete && !tensors.isEmpty, "the last tensor lacks chunks")
    do {
      try pad()
      let directory = encodedDirectory()
      let header = Header(
        fileSize: UInt64(output.position + directory.count),
        directoryOffset: UInt64(output.position), directorySize: UInt64(directory.count),
        directoryHash: try ByteView(directory).xxh64)
      try output.append(directory)
      try output.overwrite(try header.encoded(), at: 0)
      try output.commit()
      return output.position
    } catch { throw .system(error) }
  }

  private func encodedDirectory() -> [UInt8] {
    var writer = head
    let names = tensors.map { Array($0.name.utf8) }
    writer.append(UInt32(tensors.count))
    writer.append(UInt32(chunks.count))
    writer.append(UInt32(names.map(\.count).reduce(0, +)))
    writer.append(UInt32(0))
    var nameOffset = 0
    for (tensor, name) in zip(tensors, names) {
      tensor.encode(nameOffset: nameOffset, into: &writer)
      nameOffset += name.count
    }
    for chunk in chunks { chunk.encode(into: &writer) }
    for name in names { writer.append(name) }
    return writer.bytes
  }
}
