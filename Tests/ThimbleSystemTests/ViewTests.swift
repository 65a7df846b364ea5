import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("Views of untrusted bytes")
struct ViewTests {
  /// Bytes 0 to 255, and views of them that begin at every alignment.
  static let bytes = [UInt8](0...255)

  @Test("a part is those bytes and no others, however deep it lies")
  func parts() throws {
    let whole = try ByteView(Self.bytes)
    #expect(whole.count == 256 && whole[0] == 0 && whole[255] == 255 && whole.bytes() == Self.bytes)
    let part = whole[10..<30][5..<15]
    #expect(part.bytes() == [UInt8](15..<25) && part.offset(in: whole) == 15)
    #expect(whole[256..<256].isEmpty && whole[0..<0].bytes().isEmpty)
    #expect(part.elementsEqual(whole[15..<25]) && !part.elementsEqual(whole[16..<26]))
    #expect(!part.elementsEqual(whole[15..<24]))
    part.withSpan { span in #expect(span.count == 10 && span[9] == 24) }
  }

  @Test("a range that a file claims is a part or nothing, up to the largest numbers")
  func claims() throws {
    let view = try ByteView(Self.bytes)[6..<256]
    #expect(view.part(offset: 0, count: 250)?.bytes() == [UInt8](6...255))
    #expect(view.part(offset: 250, count: 0)?.isEmpty == true)
    for (offset, count) in [
      (0, 251), (251, 0), (249, 2), (.max, 1), (1, .max), (.max, .max), (1 << 63, 1 << 63),
    ] as [(UInt64, UInt64)] {
      #expect(view.part(offset: offset, count: count) == nil, "\(offset), \(count)")
    }
  }

  @Test("integers are little-endian, at every alignment", arguments: 0..<9)
  func integers(start: Int) throws {
    let view = try ByteView(Self.bytes)[start..<256]
    #expect(view.load(at: 1, as: UInt8.self) == UInt8(start + 1))
    #expect(view.load(at: 0, as: UInt16.self) == UInt16(start) | UInt16(start + 1) << 8)
    #expect(view.load(at: 256 - start - 4, as: UInt32.self) == 0xFFFE_FDFC)
    #expect(
      view.load(at: 256 - start - 8, as: Int64.self) == Int64(bitPattern: 0xFFFE_FDFC_FBFA_F9F8))
    let words = WordView<UInt32>(view)
    #expect(words.count == (256 - start) / 4)
    for index in 0..<words.count {
      #expect(words[index] == view.load(at: index * 4, as: UInt32.self))
    }
    let triplets = WordView<UInt8>(view)
    #expect(triplets.tripletCount == (256 - start) / 3)
    for index in 0..<triplets.tripletCount {
      let low = view.load(at: index * 3, as: UInt16.self)
      #expect(triplets.triplet(index) == UInt32(low) | UInt32(view[index * 3 + 2]) << 16)
    }
  }

  @Test("text is UTF-8 or none")
  func text() throws {
    #expect(try ByteView(Array("Grüße 他".utf8)).utf8String() == "Grüße 他")
    #expect(try ByteView([]).utf8String() == "")
    for bytes in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80]] as [[UInt8]] {
      #expect(try ByteView(bytes).utf8String() == nil, "\(bytes)")
    }
  }

  @Test("bytes are copied to their place and nowhere else")
  func copies() throws {
    let array = try AlignedArray<UInt8>(count: 8)
    try ByteView([1, 2, 3]).copy(into: array, at: 4)
    #expect(array.from(0).values(8) == [0, 0, 0, 0, 1, 2, 3, 0])
  }

  @Test("fp32 numbers are read at odd addresses, from the number that is asked for")
  func floats() throws {
    let numbers: [Float] = [1, -0.0, .infinity, 0x1p-149, .pi]
    var bytes: [UInt8] = [0]
    for bits in numbers.map(\.bitPattern) {
      for place in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: bits >> (place * 8))) }
    }
    let view = try ByteView(bytes)[1..<21]
    var found = [Float](repeating: 0, count: 3)
    var span = found.mutableSpan
    view.readFloat32(from: 2, into: &span)
    #expect(difference(found, Array(numbers[2...])) == nil)
  }

  @Test("what lies outside ends the process before it is read")
  func traps() async {
    await #expect(processExitsWith: .failure) { _ = try ByteView([1, 2])[2] }
    await #expect(processExitsWith: .failure) { _ = try ByteView([1, 2])[0..<3] }
    await #expect(processExitsWith: .failure) {
      _ = try ByteView([1, 2]).load(at: 1, as: UInt16.self)
    }
    await #expect(processExitsWith: .failure) {
      _ = WordView<UInt32>(try ByteView([1, 2, 3, 4, 5]))[1]
    }
    await #expect(processExitsWith: .failure) {
      _ = WordView<UInt8>(try ByteView([1, 2, 3, 4])).triplet(1)
    }
    await #expect(processExitsWith: .failure) {
      try ByteView([1, 2, 3]).copy(into: AlignedArray(count: 3), at: 1)
    }
  }
}
