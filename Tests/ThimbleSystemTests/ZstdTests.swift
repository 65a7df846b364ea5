import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("zstd")
struct ZstdTests {
  func array(_ bytes: [UInt8]) throws -> AlignedArray<UInt8> {
    let array = try AlignedArray<UInt8>(count: bytes.count)
    for (index, byte) in bytes.enumerated() { array[index] = byte }
    return array
  }

  func frame(_ bytes: [UInt8]) throws -> [UInt8] {
    let output = try AlignedArray<UInt8>(count: ZstdEncoder.bound(bytes.count))
    let size = try ZstdEncoder(.literalsOnly).encode(
      array(bytes), 0..<bytes.count, into: output, at: 0)
    return ByteView(output)[0..<size].bytes()
  }

  @Test("decodes what it encoded", arguments: [0, 1, 2, 1000, 163_840])
  func roundTrip(count: Int) throws {
    var random = SeededRandom(seed: 1)
    let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: 128 + Int(random.normal() * 16)) }
    let output = try AlignedArray<UInt8>(count: count + 2)
    try ZstdDecoder().decode(ByteView(try frame(bytes)), into: output, at: 1, count: count)
    #expect(ByteView(output)[1..<count + 1].bytes() == bytes)
    #expect(output[0] == 0 && output[count + 1] == 0)
  }

  @Test("a frame that claims another size is refused before anything is written")
  func otherSize() throws {
    let bomb = try frame([UInt8](repeating: 7, count: 100_000))
    let output = try AlignedArray<UInt8>(count: 64)
    #expect(throws: SystemError.zstd(reason: "the frame claims 100000 bytes where 64 belong")) {
      try ZstdDecoder().decode(ByteView(bomb), into: output, at: 0, count: 64)
    }
    #expect(ByteView(output).bytes() == [UInt8](repeating: 0, count: 64))
  }

  @Test("bytes behind the frame, two frames, and truncation at every byte are refused")
  func malformed() throws {
    let good = try frame(Array(0..<200))
    let output = try AlignedArray<UInt8>(count: 200)
    let decoder = try ZstdDecoder()
    for bad in [good + [0], good + good] + (0..<good.count).map({ Array(good[..<$0]) }) {
      #expect(throws: SystemError.self) {
        try decoder.decode(ByteView(bad), into: output, at: 0, count: 200)
      }
    }
  }
}
