internal import ThimbleSystem

/// What is wrong with a zip archive.
public enum ZipFault: Error, Equatable, CustomStringConvertible {
  /// No end record where it must be: in the last 22 bytes.
  case noEndRecord
  /// The end records contradict each other or the file.
  case endRecord(reason: String)
  case tooManyMembers(count: UInt64, limit: UInt64)
  /// The directory of the archive is damaged at byte `offset` of the file.
  case directory(offset: Int, reason: String)
  case member(name: String, reason: String)

  public var description: String {
    switch self {
    case .noEndRecord:
      "a zip archive without its end: truncated, or followed by other bytes. Download it again."
    case .endRecord(let reason): "the end of the zip archive is damaged: \(reason)"
    case .tooManyMembers(let count, let limit):
      "the zip archive has \(count) members; at most \(limit) are read."
    case .directory(let offset, let reason):
      "the zip directory is damaged at byte \(offset): \(reason)"
    case .member(let name, let reason): "zip member \"\(name)\" \(reason)"
    }
  }
}

/// The members of a zip archive in which all are stored, as PyTorch writes it.
///
/// Stricter than other readers, so that none can see another archive in the same bytes: the records
/// fill the end of the file, the members lie in order from byte 0 on, and every name occurs twice,
/// in the directory and before the member, alike.
struct ZipArchive {
  /// By the bytes of their names: `String` would merge canonically equivalent ones.
  private var members: [[UInt8]: ByteView] = [:]

  var names: Dictionary<[UInt8], ByteView>.Keys { members.keys }
  subscript(name: [UInt8]) -> ByteView? { members[name] }

  private static let maximumMemberCount: UInt64 = 1 << 17

  private struct Entry {
    let name: [UInt8]
    var size: UInt64
    var compressedSize: UInt64
    var offset: UInt64
    let method: UInt16
    let flags: UInt16

    func fault(_ reason: String) -> ZipFault {
      .member(name: String(decoding: name, as: UTF8.self), reason: reason)
    }
  }

  init(_ file: ByteView) throws(ZipFault) {
    let (directory, start, count) = try Self.directory(file)
    var entries: [Entry] = []
    var position = 0
    for _ in 0..<count {
      let entry = try Self.entry(directory, at: &position, start: start)
      try Self.check(entry)
      entries.append(entry)
    }
    guard position == directory.count else {
      throw .directory(offset: start + position, reason: "it is longer than its entries.")
    }
    entries.sort { $0.offset < $1.offset }
    guard entries.first?.offset ?? 0 == 0 else {
      throw .endRecord(reason: "other bytes stand before the first member.")
    }
    var end = 0
    let body = file[0..<start]
    for entry in entries {
      let (bytes, range) = try Self.member(entry, in: body)
      guard range.lowerBound >= end else { throw entry.fault("overlaps the one before it.") }
      end = range.upperBound
      guard members.updateValue(bytes, forKey: entry.name) == nil else {
        throw entry.fault("occurs twice.")
      }
    }
  }

  /// Finds the central directory.
  private static func directory(
    _ file: ByteView
  ) throws(ZipFault) -> (bytes: ByteView, start: Int, count: Int) {
    let end = file.count - 22
    guard end >= 0, file.load(at: end, as: UInt32.self) == 0x0605_4B50,
      file.load(at: end + 20, as: UInt16.self) == 0
    else { throw .noEndRecord }
    var count = UInt64(file.load(at: end + 10, as: UInt16.self))
    var size = UInt64(file.load(at: end + 12, as: UInt32.self))
    var offset = UInt64(file.load(at: end + 16, as: UInt32.self))
    // Two disk numbers of 16 bits, and the count of this disk beside the total.
    guard file.load(at: end + 4, as: UInt32.self) == 0,
      UInt64(file.load(at: end + 8, as: UInt16.self)) == count
    else {
      throw .endRecord(reason: "the archive is split over several files.")
    }
    var directoryEnd = end
    if end >= 20, file.load(at: end - 20, as: UInt32.self) == 0x0706_4B50 {
      let wide = try wideEndRecord(file, locator: end - 20)
      guard count == wide.count || count == 0xFFFF, size == wide.size || size == 0xFFFF_FFFF,
        offset == wide.offset || offset == 0xFFFF_FFFF
      else { throw .endRecord(reason: "the two end records disagree.") }
      (count, size, offset, directoryEnd) = (wide.count, wide.size, wide.offset, wide.position)
    }
    guard let directory = file.part(offset: offset, count: size),
      Int(offset + size) == directoryEnd
    else { throw .endRecord(reason: "the directory does not end where the end record begins.") }
    guard count <= maximumMemberCount else {
      throw .tooManyMembers(count: count, limit: maximumMemberCount)
    }
    return (directory, Int(offset), Int(count))
  }

  private static func wideEndRecord(
    _ file: ByteView, locator: Int
  ) throws(ZipFault) -> (count: UInt64, size: UInt64, offset: UInt64, position: Int) {
    let position = file.load(at: locator + 8, as: UInt64.self)
    guard locator >= 56, position == UInt64(locator - 56) else {
      throw .endRecord(reason: "the zip64 record is not where its locator says.")
    }
    let record = file[Int(position)..<locator]
    guard record.load(at: 0, as: UInt32.self) == 0x0606_4B50,
      record.load(at: 4, as: UInt64.self) == 44,
      file.load(at: locator + 4, as: UInt32.self) == 0,
      file.load(at: locator + 16, as: UInt32.self) <= 1,
      record.load(at: 16, as: UInt64.self) == 0,
      record.load(at: 24, as: UInt64.self) == record.load(at: 32, as: UInt64.self)
    else { throw .endRecord(reason: "the zip64 record makes no sense.") }
    return (
      record.load(at: 32, as: UInt64.self), record.load(at: 40, as: UInt64.self),
      record.load(at: 48, as: UInt64.self), Int(position)
    )
  }

  private static func entry(
    _ directory: ByteView, at position: inout Int, start: Int
  ) throws(ZipFault) -> Entry {
    let offset = start + position
    guard directory.count - position >= 46,
      directory.load(at: position, as: UInt32.self) == 0x0201_4B50
    else { throw .directory(offset: offset, reason: "no entry begins here.") }
    let nameSize = Int(directory.load(at: position + 28, as: UInt16.self))
    let extraSize = Int(directory.load(at: position + 30, as: UInt16.self))
    let commentSize = Int(directory.load(at: position + 32, as: UInt16.self))
    let next = position + 46 + nameSize + extraSize + commentSize
    guard next <= directory.count else {
      throw .directory(offset: offset, reason: "an entry is longer than the directory.")
    }
    guard directory.load(at: position + 34, as: UInt16.self) == 0 else {
      throw .directory(offset: offset, reason: "a member is in another file.")
    }
    let extraStart = position + 46 + nameSize
    var entry = Entry(
      name: directory[position + 46..<extraStart].bytes(),
      size: UInt64(directory.load(at: position + 24, as: UInt32.self)),
      compressedSize: UInt64(directory.load(at: position + 20, as: UInt32.self)),
      offset: UInt64(directory.load(at: position + 42, as: UInt32.self)),
      method: directory.load(at: position + 10, as: UInt16.self),
      flags: directory.load(at: position + 8, as: UInt16.self))
    try widen(&entry, directory[extraStart..<extraStart + extraSize])
    position = next
    return entry
  }

  /// Takes from the zip64 extra field what does not fit 32 bits.
  private static func widen(_ entry: inout Entry, _ extra: ByteView) throws(ZipFault) {
    let fields = [\Entry.size, \.compressedSize, \.offset].filter {
      entry[keyPath: $0] == 0xFFFF_FFFF
    }
    guard !fields.isEmpty else { return }
    var position = 0
    while extra.count - position >= 4 {
      let id = extra.load(at: position, as: UInt16.self)
      let size = Int(extra.load(at: position + 2, as: UInt16.self))
      position += 4
      guard size <= extra.count - position else { break }
      if id == 1 {
        guard size >= 8 * fields.count else { break }
        for (index, field) in fields.enumerated() {
          entry[keyPath: field] = extra.load(at: position + 8 * index, as: UInt64.self)
        }
        return
      }
      position += size
    }
    throw entry.fault("lacks the zip64 field with its size or place.")
  }

  private static func check(_ entry: Entry) throws(ZipFault) {
    let parts = entry.name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != [0x2E] && $0 != [0x2E, 0x2E] }
    guard isPlain,
      !entry.name.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }),
      String(validating: entry.name, as: UTF8.self) != nil
    else { throw entry.fault("has a name that is not a plain path.") }
    // Bit 0: encrypted. Bit 6: strongly. Bit 13: with the directory encrypted too.
    guard entry.flags & 0x2041 == 0 else { throw entry.fault("is encrypted.") }
    guard entry.method == 0 else {
      throw entry.fault("is compressed, which PyTorch never does. Save the checkpoint again.")
    }
    guard entry.size == entry.compressedSize else { throw entry.fault("has two different sizes.") }
  }

  /// The bytes of a member, and the range that they and their header take.
  private static func member(
    _ entry: Entry, in body: ByteView
  ) throws(ZipFault) -> (bytes: ByteView, range: Range<Int>) {
    guard let header = body.part(offset: entry.offset, count: 30),
      header.load(at: 0, as: UInt32.self) == 0x0403_4B50
    else { throw entry.fault("has no header at byte \(entry.offset).") }
    let nameSize = UInt64(header.load(at: 26, as: UInt16.self))
    let extraSize = UInt64(header.load(at: 28, as: UInt16.self))
    guard let name = body.part(offset: entry.offset + 30, count: nameSize),
      name.bytes() == entry.name, header.load(at: 8, as: UInt16.self) == entry.method,
      (header.load(at: 6, as: UInt16.self) ^ entry.flags) & 0x2041 == 0
    else { throw entry.fault("has a header that disagrees with the directory.") }
    let size = header.load(at: 18, as: UInt32.self)
    // Sizes follow the member (zero here) or are in the zip64 field where they do not fit.
    guard size == 0 || size == .max || UInt64(size) == entry.size else {
      throw entry.fault("has a header that disagrees with the directory.")
    }
    let start = entry.offset + 30 + nameSize + extraSize
    guard let bytes = body.part(offset: start, count: entry.size) else {
      throw entry.fault("of \(entry.size) bytes at byte \(start) passes the end of the members.")
    }
    return (bytes, Int(entry.offset)..<Int(start) + bytes.count)
  }
}
