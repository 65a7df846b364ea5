internal import Synchronization
public import ThimbleSystem

/// An open .thimble file: mapped, its directory checked, its chunks not yet touched.
public final class ThimbleFile: Sendable {
  public let path: String
  public let tensors: [TensorRecord]
  private let places: [String: Int]
  private let mapped: MappedFile
  private let directory: Directory
  /// One bit per chunk whose hash has been found right.
  private let checked: CheckedChunks

  /// Maps the file at `path` and checks its header, its directory and the hash of its configuration: all that every
  /// use of it reads. The tokenizer's hash is checked by `checkTokenizer`, a chunk's at its first use.
  public init(path: String) throws(FormatError) {
    self.path = path
    do { mapped = try MappedFile(path: path) } catch { throw .system(error) }
    let header = try Header.read(mapped.bytes, path: path)
    directory = try Directory(of: mapped.bytes, header: header, path: path)
    let tensors = directory.tensors
    self.tensors = tensors
    // Names are unique: the directory has been checked.
    places = Dictionary(uniqueKeysWithValues: zip(tensors.map(\.name), tensors.indices))
    checked = CheckedChunks(count: directory.chunkCount)
    guard configuration.xxh64 == directory.configurationHash else {
      throw .damaged(path: path, part: "configuration")
    }
  }

  /// Whether nobody has written into the file since it was opened.
  public var isUnchanged: Bool { mapped.isUnchanged }

  /// Bytes of the file.
  public var size: Int { mapped.count }
  /// The configuration's JSON text.
  public var configuration: ByteView { mapped.bytes[directory.configuration] }
  /// The tokenizer's tables; empty if the file has none.
  public var tokenizer: ByteView { mapped.bytes[directory.tokenizer] }
  public var chunkCount: Int { directory.chunkCount }

  public func tensor(named name: String) -> TensorRecord? { places[name].map { tensors[$0] } }

  /// The record of the file's chunk `index`.
  public func chunk(_ index: Int) -> ChunkRecord {
    let offset = index * Layout.chunkRecordSize
    guard
      let record = ChunkRecord.read(
        directory.chunkRecords[offset..<offset + Layout.chunkRecordSize])
    else { preconditionFailure("chunk records were checked when the file was opened") }
    return record
  }

  /// The bytes of the chunk that `record` describes; nothing is checked or decoded.
  func bytes(of record: ChunkRecord) -> ByteView {
    // The record was checked when the file was opened: it lies in the mapping.
    mapped.bytes[Int(record.offset)..<Int(record.offset) + record.size]
  }

  /// The bytes of the file's chunk `index` as they are stored, whether they are sound or not.
  public func storedBytes(ofChunk index: Int) -> ByteView { bytes(of: chunk(index)) }

  /// Advises the kernel about the bytes of the chunks `chunks`, which follow each other.
  public func advise(_ advice: MappedFile.Advice, chunks: Range<Int>) {
    guard !chunks.isEmpty else { return }
    let last = chunk(chunks.upperBound - 1)
    mapped.advise(
      advice, Int(chunk(chunks.lowerBound).offset)..<Int(last.offset) + last.size)
  }

  /// Checks the hash of the file's chunk `index` unless that was done before.
  func checkHash(ofChunk index: Int, record: ChunkRecord) throws(FormatError) {
    guard !checked.contains(index) else { return }
    guard bytes(of: record).xxh64 == record.hash else {
      throw .damaged(path: path, part: name(ofChunk: index))
    }
    checked.insert(index)
  }

  /// Checks the hash of the tokenizer. Its pages need not stay resident for that.
  public func checkTokenizer() throws(FormatError) {
    defer { mapped.advise(.dontNeed, directory.tokenizer) }
    guard tokenizer.xxh64 == directory.tokenizerHash else {
      throw .damaged(path: path, part: "tokenizer")
    }
  }

  /// Checks the hash of the tokenizer, and that all padding is zero.
  public func checkOutsideChunks() throws(FormatError) {
    try checkTokenizer()
    var gaps = [directory.configuration.upperBound..<directory.tokenizer.lowerBound]
    var end = directory.tokenizer.upperBound
    for tensor in tensors {
      gaps.append(end..<Int(chunk(tensor.firstChunk).offset))
      let last = chunk(tensor.chunks.upperBound - 1)
      end = Int(last.offset) + last.size
    }
    gaps.append(end..<Int(Layout.align64(UInt64(end))))
    for byte in gaps.joined() where mapped.bytes[byte] != 0 {
      throw .invalid(path: path, part: "padding", rule: "byte \(byte) is not zero")
    }
  }

  /// "tensor "a", chunk 3" for the file's chunk `index`.
  func name(ofChunk index: Int) -> String {
    // The last tensor that begins no later: a file of many tensors may have many faults.
    var (low, high) = (0, tensors.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if tensors[middle].firstChunk <= index { low = middle } else { high = middle }
    }
    let tensor = tensors[low]
    return "tensor \"\(tensor.name)\", chunk \(index - tensor.firstChunk)"
  }
}

/// A set of chunk indices that threads may read and add to at once.
private final class CheckedChunks: Sendable {
  private let words: [AtomicWord]

  private final class AtomicWord: Sendable { let value = Atomic<UInt64>(0) }

  init(count: Int) { words = (0..<(count + 63) / 64).map { _ in AtomicWord() } }

  func contains(_ index: Int) -> Bool {
    words[index / 64].value.load(ordering: .relaxed) & (1 << UInt64(index % 64)) != 0
  }

  func insert(_ index: Int) {
    words[index / 64].value.bitwiseOr(1 << UInt64(index % 64), ordering: .relaxed)
  }
}
