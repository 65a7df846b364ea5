import Testing
import ThimbleFormat
import ThimbleSystem
import ThimbleTestSupport

/// A file that breaks one rule: a sound file, changed in one place, with the hashes around it made right again so that
/// nothing but the lie itself can be found.
struct Lie: CustomTestStringConvertible, Sendable {
  let name: String
  /// A part of the message that must name the lie.
  let message: String
  let change: @Sendable (inout FileBytes) -> Void
  var testDescription: String { name }

  init(_ name: String, _ message: String, _ change: @escaping @Sendable (inout FileBytes) -> Void) {
    (self.name, self.message, self.change) = (name, message, change)
  }
}

/// The bytes of a file, with the places that lies change.
struct FileBytes {
  var bytes: [UInt8]

  var directory: Int { Int(clamping: self[u64: 24]) }
  var tensorCount: Int { Int(self[u32: directory + 48]) }
  func tensor(_ index: Int) -> Int { directory + 64 + 64 * index }
  func chunk(_ index: Int) -> Int { directory + 64 + 64 * tensorCount + 32 * index }

  subscript(u16 offset: Int) -> UInt16 {
    get { UInt16(truncatingIfNeeded: integer(offset, 2)) }
    set { set(UInt64(newValue), at: offset, size: 2) }
  }
  subscript(u32 offset: Int) -> UInt32 {
    get { UInt32(truncatingIfNeeded: integer(offset, 4)) }
    set { set(UInt64(newValue), at: offset, size: 4) }
  }
  subscript(u64 offset: Int) -> UInt64 {
    get { integer(offset, 8) }
    set { set(newValue, at: offset, size: 8) }
  }

  private func integer(_ offset: Int, _ size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }

  private mutating func set(_ value: UInt64, at offset: Int, size: Int) {
    for index in 0..<size {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
    }
  }

  /// Makes the hash of every chunk right again.
  mutating func rehashChunks() throws {
    guard chunk(0) <= bytes.count else { return }
    for index in 0..<min(Int(self[u32: directory + 52]), (bytes.count - chunk(0)) / 32) {
      let record = chunk(index)
      let start = Int(clamping: self[u64: record])
      let size = Int(self[u32: record + 16]) + Int(self[u32: record + 20])
      guard start <= bytes.count, size <= bytes.count - start else { continue }
      self[u64: record + 8] = try ByteView(Array(bytes[start..<start + size])).xxh64
    }
  }

  /// Makes the hashes of directory and header right again.
  mutating func rehash() throws {
    if directory <= bytes.count {
      self[u64: 40] = try ByteView(Array(bytes[directory...])).xxh64
    }
    self[u64: 56] = try ByteView(Array(bytes[..<56])).xxh64
  }
}

enum Lies {
  static let header: [Lie] = [
    Lie("magic", "not a .thimble file") { $0.bytes[1] = 0 },
    Lie("later major version", "version 2") { $0[u16: 8] = 2 },
    Lie("reserved in header", "reserved") { $0[u32: 12] = 1 },
    Lie("reserved at the header's end", "reserved") { $0[u64: 48] = 1 },
    Lie("file size", "its header says") { $0[u64: 16] += 1 },
    Lie("directory outside", "does not end the file") { $0[u64: 24] = .max },
    Lie("directory inside the header", "does not end the file") { $0[u64: 24] = 8 },
    Lie("directory size", "does not end the file") { $0[u64: 32] -= 1 },
    Lie("trailing byte", "its header says") { $0.bytes.append(0) },
  ]

  static let directory: [Lie] = [
    Lie("configuration elsewhere", "does not follow the header") { $0[u64: $0.directory] = 128 },
    Lie("configuration too large", "bytes; 2 to") { $0[u64: $0.directory + 8] = 1 << 40 },
    Lie("tokenizer elsewhere", "does not follow the configuration") {
      $0[u64: $0.directory + 24] += 64
    },
    Lie("tokenizer too large", "the tokenizer") { $0[u64: $0.directory + 32] = .max - 128 },
    Lie("no tensors", "0 tensors") { $0[u32: $0.directory + 48] = 0 },
    Lie("too many tensors", "4294967295 tensors") { $0[u32: $0.directory + 48] = .max },
    Lie("too many chunks", "4294967295 chunks") { $0[u32: $0.directory + 52] = .max },
    Lie("names too long", "its counts need") { $0[u32: $0.directory + 56] += 1 },
    Lie("reserved in directory", "reserved") { $0[u32: $0.directory + 60] = 1 },
    Lie("name outside", "the name lies outside") { $0[u16: $0.tensor(4) + 4] = 128 },
    Lie("empty name", "the name lies outside") { $0[u16: $0.tensor(0) + 4] = 0 },
    Lie("name not ASCII", "printable") { $0.bytes[$0.bytes.count - 1] = 0xC3 },
    Lie("unknown kind", "unknown kind 7") { $0.bytes[$0.tensor(1) + 6] = 7 },
    Lie("rank 3", "rank 3") { $0.bytes[$0.tensor(1) + 7] = 3 },
    Lie("no rows", "out of bounds") { $0[u32: $0.tensor(1) + 8] = 0 },
    Lie("2^32 - 1 columns", "out of bounds") { $0[u32: $0.tensor(1) + 12] = .max },
    Lie("more columns", "at most 32768 columns") { $0[u32: $0.tensor(1) + 12] = 1 << 30 },
    Lie("more rows", "its shape and place need") { $0[u32: $0.tensor(1) + 8] = 1 << 20 },
    Lie("chunks of another tensor", "its shape and place need") { $0[u32: $0.tensor(2) + 16] = 0 },
    Lie("no panels in a chunk", "no panels") { $0[u32: $0.tensor(1) + 24] = 0 },
    Lie("NaN step", "the step") { $0[u32: $0.tensor(1) + 28] = Float.nan.bitPattern },
    Lie("negative step", "the step") { $0[u32: $0.tensor(1) + 28] = (-1 as Float).bitPattern },
    Lie("step of f32", "has a step") { $0[u32: $0.tensor(0) + 28] = 1 },
    Lie("factors that are a matrix", "column factors") { $0[u32: $0.tensor(2) + 32] = 2 },
    Lie("factors outside", "column factors") { $0[u32: $0.tensor(2) + 32] = 99 },
    Lie("factors of f32", "column factors") { $0[u32: $0.tensor(0) + 32] = 5 },
    Lie("reserved in tensor", "reserved") { $0.bytes[$0.tensor(1) + 40] = 1 },
    Lie("chunk before its place", "begins at byte") { $0[u64: $0.chunk(3)] -= 64 },
    Lie("chunk outside", "begins at byte") { $0[u64: $0.chunk(3)] = .max },
    Lie("chunk size 2^32 - 1", "passes the end") { $0[u32: $0.chunk(2) + 16] = .max },
    Lie("hole between chunks", "begins at byte") { $0[u32: $0.chunk(2) + 16] -= 1 },
    Lie("stored size", "its shape needs") { $0[u32: $0.chunk(4) + 16] -= 1 },
    Lie("unknown encoding", "unknown encoding") { $0.bytes[$0.chunk(2) + 24] = 3 },
    Lie("planes of f32", "nibble planes") { $0.bytes[$0.chunk(0) + 24] = 2 },
    Lie("unknown scales", "unknown encoding") { $0.bytes[$0.chunk(2) + 25] = 3 },
    Lie("bytes of no scales", "where none belong") { $0.bytes[$0.chunk(2) + 25] = 0 },
    Lie("reserved in chunk", "unknown encoding, or reserved") { $0.bytes[$0.chunk(2) + 31] = 1 },
  ]

  static let contents: [Lie] = [
    Lie("a byte of a chunk", "tensor \"peaked\", chunk 1: the checksum") {
      $0.bytes[Int($0[u64: $0.chunk(3)])] ^= 1
    },
    Lie("a byte of the configuration", "configuration: the checksum") { $0.bytes[64] ^= 1 },
    Lie("a byte of the tokenizer", "tokenizer: the checksum") { $0.bytes[128] ^= 1 },
    Lie("padding", "padding: byte 100") { $0.bytes[100] = 1 },
    Lie("a zstd frame of another size", "the frame claims") {
      // Scales of chunk 2, 384 bytes: frame header with a 2-byte content size (256 is added to it).
      let scales = Int($0[u64: $0.chunk(2)]) + Int($0[u32: $0.chunk(2) + 16])
      $0.bytes[scales + 5] ^= 0x40
      try? $0.rehashChunks()
    },
    Lie("a code of -128", "of the codes is 0") {
      $0.bytes[Int($0[u64: $0.chunk(4)])] = 0
      try? $0.rehashChunks()
    },
    Lie("padding with a value", "the padding at row 63") {
      $0.bytes[Int($0[u64: $0.chunk(5)]) + 4 * 31] = 127
      try? $0.rehashChunks()
    },
    Lie("an infinite value", "value 0 is not finite") {
      let factors = Int($0[u64: $0.chunk(7)])
      $0[u32: factors] = Float.infinity.bitPattern
      try? $0.rehashChunks()
    },
  ]
}

@Suite("Malformed files")
struct MalformedFileTests {
  let folder = TemporaryFolder()

  func message(_ lie: Lie, rehash: Bool = true) throws -> String {
    let sample = try SampleFile(in: folder)
    var file = FileBytes(bytes: try MappedFile(path: sample.path).bytes.bytes())
    lie.change(&file)
    if rehash { try file.rehash() }
    let path = try folder.write(file.bytes, to: "lie.thimble")
    do {
      let opened = try ThimbleFile(path: path)
      let errors = try opened.verify(pool: ComputePool(threadCount: 1), kernels: .underTest)
      return errors.map(\.description).joined(separator: "\n")
    } catch { return "\(error)" }
  }

  @Test("a lie in the header is found and named", arguments: Lies.header)
  func header(lie: Lie) throws { #expect(try message(lie).contains(lie.message)) }

  @Test("a lie in the directory is found and named", arguments: Lies.directory)
  func directory(lie: Lie) throws { #expect(try message(lie).contains(lie.message)) }

  @Test("damage in the contents is found and named", arguments: Lies.contents)
  func contents(lie: Lie) throws { #expect(try message(lie).contains(lie.message)) }

  @Test("any changed byte of header and directory is found")
  func everyByte() throws {
    let sample = try SampleFile(in: folder)
    let good = FileBytes(bytes: try MappedFile(path: sample.path).bytes.bytes())
    for offset in Array(0..<64) + Array(good.directory..<good.bytes.count) {
      var bad = good
      bad.bytes[offset] ^= 0x10
      let path = try folder.write(bad.bytes, to: "bad.thimble")
      #expect(throws: FormatError.self, "byte \(offset)") { _ = try ThimbleFile(path: path) }
    }
  }

  @Test("truncation is found, wherever it cuts")
  func truncation() throws {
    let sample = try SampleFile(in: folder)
    let good = try MappedFile(path: sample.path).bytes.bytes()
    for count in Array(0..<80) + stride(from: 80, to: good.count, by: 9973) + [good.count - 1] {
      let path = try folder.write(Array(good[..<count]), to: "short.thimble")
      #expect(throws: FormatError.self, "\(count) bytes") { _ = try ThimbleFile(path: path) }
    }
  }

  @Test("random damage with hashes made right never traps", arguments: 0..<4)
  func randomDamage(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let sample = try SampleFile(in: folder)
    let good = FileBytes(bytes: try MappedFile(path: sample.path).bytes.bytes())
    let pool = try ComputePool(threadCount: 1)
    for _ in 0..<150 {
      var bad = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let start = Bool.random(using: &random) ? good.directory : 64
        bad.bytes[Int.random(in: start..<good.bytes.count, using: &random)] =
          UInt8.random(in: 0...255, using: &random)
      }
      try bad.rehashChunks()
      try bad.rehash()
      let path = try folder.write(bad.bytes, to: "random.thimble")
      guard let file = try? ThimbleFile(path: path) else { continue }
      _ = try file.verify(pool: pool, kernels: .underTest)
    }
  }
}
