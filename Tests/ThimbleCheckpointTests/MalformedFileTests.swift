import Testing
import ThimbleCheckpoint
import ThimbleImport
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

/// Files with one lie each, made by Tools/make-malformed-checkpoints.py, and damaged good ones.
struct MalformedFileTests {
  static let expected: [(file: String, message: String)] = {
    let json = try? readJSONFixture("malformed/expected.json")
    return json?.object?.map { ($0.key, $0.value.string ?? "") } ?? []
  }()

  @Test("the zoo is complete: every file in it has a message, and none is missing")
  func complete() throws {
    let files = ((try? listFolder(fixture("malformed"))) ?? []).filter {
      $0 != "expected.json" && !$0.hasPrefix("shard-")
    }
    #expect(files.sorted() == Self.expected.map(\.file).sorted())
    #expect(files.count > 200)
  }

  @Test("a file with a lie in it is refused with a message about that lie", arguments: expected)
  func refused(file: String, message: String) {
    #expect {
      try ModelCheckpoint.open(fixture("malformed/\(file)"))
    } throws: { error in
      let description = "\(error)"
      let isComplete = description.contains(message) && description.contains("/malformed/")
      if !isComplete { print("\(file): \(description)\n  wanted: \(message)") }
      return isComplete
    }
  }

  static let small = ["min_legacy_half.bin", "min_zip_half.bin", "min.safetensors"]

  @Test("a file that ends too early is refused, wherever it ends", arguments: small)
  func truncated(file: String) throws {
    let bytes = try MappedFile(path: fixture("tiny/\(file)")).bytes
    #expect(throws: Never.self) { try Checkpoint.read(bytes, path: file) }
    for count in 0..<bytes.count {
      #expect(throws: CheckpointError.self, "\(count) bytes") {
        try Checkpoint.read(bytes[0..<count], path: file)
      }
    }
  }

  @Test("no damaged byte makes the reader trap or step out of the file", arguments: small)
  func everyByteDamaged(file: String) throws {
    let good = try MappedFile(path: fixture("tiny/\(file)")).bytes.bytes()
    for index in good.indices {
      for value in [good[index] ^ 1, good[index] ^ 0x80, 0, 0xFF, good[index] &+ 1] {
        var bytes = good
        bytes[index] = value
        try readEverything(bytes)
      }
    }
  }

  @Test("random damage never makes the reader trap", arguments: small + ["xlm_original.pth"])
  func randomDamage(file: String) throws {
    let seed: UInt64 = 20
    var random = SeededRandom(seed: seed)
    let good = try MappedFile(path: fixture("tiny/\(file)")).bytes.bytes()
    // A large file has most of its structure at its start.
    let reach = min(good.count, 27_000)
    for _ in 0..<(good.count > 1000 ? 60 : 1000) {
      var bytes = good
      for _ in 0...Int.random(in: 0..<8, using: &random) {
        let index = Int.random(in: 0..<reach, using: &random) % bytes.count
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        default: bytes.insert(good[Int.random(in: 0..<reach, using: &random)], at: index)
        }
      }
      try readEverything(bytes)
    }
  }

  /// Opens a checkpoint and looks at every byte that its tensors claim.
  private func readEverything(_ bytes: [UInt8]) throws {
    guard let checkpoint = try? Checkpoint.read(ByteView(bytes), path: "damaged") else { return }
    for tensor in checkpoint.tensors {
      #expect(tensor.bytes.count * 8 == tensor.elementCount * tensor.elementType.bitCount)
      for index in [0, tensor.bytes.count - 1] where !tensor.bytes.isEmpty {
        _ = tensor.bytes[index]
      }
    }
  }
}

func readJSONFixture(_ name: String) throws -> JSONValue {
  try JSONValue(parsing: MappedFile(path: fixture(name)).bytes.bytes())
}
