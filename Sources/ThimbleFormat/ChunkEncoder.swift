public import ThimbleSystem

/// A chunk as it will stand in the file.
public struct EncodedChunk: Sendable {
  /// Codes part, then scales part; what follows them is not part of the chunk.
  public let bytes: AlignedArray<UInt8>
  public let codesSize: Int
  public let scalesSize: Int
  public let codesEncoding: CodesEncoding
  public let scalesEncoding: ScalesEncoding

  public var size: Int { codesSize + scalesSize }
}

/// Chooses each chunk's encoding and applies it. Not for two threads at once.
public final class ChunkEncoder {
  private let kernels: KernelTable
  private let codesZstd: ZstdEncoder
  private let scalesZstd: ZstdEncoder
  private let lowPlane: AlignedArray<UInt8>
  private let highPlane: AlignedArray<UInt8>
  private let frame: AlignedArray<UInt8>
  private let largestChunk: Int

  // Nibble planes decode at twice the rate of plain zstd: worth one byte in a hundred.
  private static let planesMayCost = 1.01

  /// - Parameter largestChunk: the most bytes of codes that a chunk will have.
  public init(largestChunk: Int, kernels: KernelTable) throws(SystemError) {
    self.kernels = kernels
    self.largestChunk = largestChunk
    codesZstd = try ZstdEncoder(.literalsOnly)
    scalesZstd = try ZstdEncoder(.runs)
    lowPlane = try AlignedArray(count: (largestChunk + 1) / 2)
    highPlane = try AlignedArray(count: (largestChunk + 1) / 2)
    frame = try AlignedArray(count: ZstdEncoder.bound(largestChunk))
  }

  /// A buffer that holds any encoded chunk of at most `largestChunk` bytes of codes.
  public static func makeBuffer(largestChunk: Int) throws(SystemError) -> AlignedArray<UInt8> {
    try AlignedArray(
      count: ZstdEncoder.bound(largestChunk)
        + ZstdEncoder.bound(PanelGeometry.scaleCount(codes: largestChunk) + 1))
  }

  /// Encodes `codesCount` bytes of `codes` and `scalesCount` of `scaleCodes` into `buffer`, in the smallest way,
  /// or a faster one that is nearly as small. Without `scaleCodes` the codes are fp32 values.
  public func encode(
    codes: AlignedArray<UInt8>, count codesCount: Int,
    scaleCodes: AlignedArray<UInt8>?, count scalesCount: Int, into buffer: AlignedArray<UInt8>
  ) throws(SystemError) -> EncodedChunk {
    let (codesSize, codesEncoding) = try encodeCodes(
      codes, codesCount, mayBePlanes: scaleCodes != nil, into: buffer)
    var (scalesSize, scalesEncoding) = (0, ScalesEncoding.none)
    if let scaleCodes {
      (scalesSize, scalesEncoding) = try encodeScales(
        scaleCodes, scalesCount, into: buffer, at: codesSize)
    }
    return EncodedChunk(
      bytes: buffer, codesSize: codesSize, scalesSize: scalesSize,
      codesEncoding: codesEncoding, scalesEncoding: scalesEncoding)
  }

  private func encodeCodes(
    _ codes: AlignedArray<UInt8>, _ count: Int, mayBePlanes: Bool,
    into buffer: AlignedArray<UInt8>
  ) throws(SystemError) -> (Int, CodesEncoding) {
    let half = count / 2
    var planes = Int.max
    if mayBePlanes {
      kernels.splitPlanes(
        codes.from(0), half: half, low: lowPlane.from(0), high: highPlane.from(0))
      planes = half + (try codesZstd.encode(highPlane, 0..<half, into: buffer, at: half))
    }
    let plain = try codesZstd.encode(codes, 0..<count, into: frame, at: 0)
    if Double(planes) <= Double(plain) * Self.planesMayCost, planes < count {
      ByteView(lowPlane)[0..<half].copy(into: buffer, at: 0)
      return (planes, .nibblePlanes)
    }
    if plain < count {
      ByteView(frame)[0..<plain].copy(into: buffer, at: 0)
      return (plain, .zstd)
    }
    ByteView(codes)[0..<count].copy(into: buffer, at: 0)
    return (count, .stored)
  }

  private func encodeScales(
    _ scaleCodes: AlignedArray<UInt8>, _ count: Int, into buffer: AlignedArray<UInt8>,
    at offset: Int
  ) throws(SystemError) -> (Int, ScalesEncoding) {
    let isZero = scaleCodes.withSpan(0..<count) { span in
      for index in span.indices where span[index] != 0 { return false }
      return true
    }
    if isZero { return (0, .none) }
    let size = try scalesZstd.encode(scaleCodes, 0..<count, into: buffer, at: offset)
    if size < count { return (size, .zstd) }
    ByteView(scaleCodes)[0..<count].copy(into: buffer, at: offset)
    return (count, .stored)
  }
}
