/// How the codes of a chunk are stored.
public enum CodesEncoding: UInt8, Sendable, CaseIterable {
  case stored = 0
  case zstd = 1
  /// Low nibbles as they are, high nibbles in a zstd frame.
  case nibblePlanes = 2
}

/// How the scale codes of a chunk are stored.
public enum ScalesEncoding: UInt8, Sendable {
  /// No bytes: all scale codes are 0.
  case none = 0
  case stored = 1
  case zstd = 2
}

/// Where the bytes of one chunk are, and how they are encoded (Formats/thimble.md, "Chunk record").
public struct ChunkRecord: Sendable, Equatable {
  public let offset: UInt64
  /// XXH64 of codes part and scales part.
  public let hash: UInt64
  public let codesSize: Int
  public let scalesSize: Int
  public let codesEncoding: CodesEncoding
  public let scalesEncoding: ScalesEncoding

  public init(
    offset: UInt64, hash: UInt64, codesSize: Int, scalesSize: Int, codesEncoding: CodesEncoding,
    scalesEncoding: ScalesEncoding
  ) {
    self.offset = offset
    self.hash = hash
    self.codesSize = codesSize
    self.scalesSize = scalesSize
    self.codesEncoding = codesEncoding
    self.scalesEncoding = scalesEncoding
  }

  /// Bytes in the file.
  public var size: Int { codesSize + scalesSize }
}
