internal import ThimbleSystem

/// The first 64 bytes of a file.
struct Header: Equatable {
  let fileSize: UInt64
  let directoryOffset: UInt64
  let directorySize: UInt64
  let directoryHash: UInt64

  func encoded() throws(SystemError) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Layout.magic)
    writer.append(Layout.majorVersion)
    writer.append(Layout.minorVersion)
    writer.append(UInt32(0))
    for value in [fileSize, directoryOffset, directorySize, directoryHash, 0] {
      writer.append(value)
    }
    writer.append(try ByteView(writer.bytes).xxh64)
    return writer.bytes
  }

  /// Reads and checks the header of `file`.
  static func read(_ file: ByteView, path: String) throws(FormatError) -> Header {
    guard file.count >= Layout.magic.count, (0..<8).allSatisfy({ file[$0] == Layout.magic[$0] })
    else { throw .foreign(path: path, hint: hint(file)) }
    guard file.count >= Layout.headerSize else {
      throw .size(path: path, found: file.count, expected: UInt64(Layout.headerSize))
    }
    func word(_ offset: Int) -> UInt64 { file.load(at: offset, as: UInt64.self) }
    let version = file.load(at: 8, as: UInt16.self)
    guard version == Layout.majorVersion else { throw .version(path: path, found: Int(version)) }
    guard file[0..<56].xxh64 == word(56) else { throw .damaged(path: path, part: "header") }
    let header = Header(
      fileSize: word(16), directoryOffset: word(24), directorySize: word(32),
      directoryHash: word(40))
    guard header.fileSize == UInt64(file.count) else {
      throw .size(path: path, found: file.count, expected: header.fileSize)
    }
    func check(_ holds: Bool, _ rule: String) throws(FormatError) {
      guard holds else { throw .invalid(path: path, part: "header", rule: rule) }
    }
    try check(
      file.load(at: 12, as: UInt32.self) == 0 && word(48) == 0, "reserved bytes are not zero")
    try check(
      header.directoryOffset >= UInt64(Layout.headerSize)
        && header.directoryOffset <= header.fileSize
        && header.directorySize == header.fileSize - header.directoryOffset,
      "the directory does not end the file")
    return header
  }

  /// What a file that is not ours looks like.
  private static func hint(_ file: ByteView) -> String? {
    func begins(_ bytes: [UInt8]) -> Bool {
      file.count >= bytes.count && bytes.indices.allSatisfy { file[$0] == bytes[$0] }
    }
    if file.isEmpty { return "an empty file" }
    if begins([0x50, 0x4B, 3, 4]) || begins([0x80, 2, 0x8A, 0x0A]) { return "a torch checkpoint" }
    if begins([0x47, 0x47, 0x55, 0x46]) { return "a GGUF file, of llama.cpp" }
    if begins(Array("version https://git-lfs".utf8)) {
      return "a git-lfs pointer: the download is missing"
    }
    if file.count > 8, file[8] == UInt8(ascii: "{") { return "a safetensors checkpoint" }
    return nil
  }
}
