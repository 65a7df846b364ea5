internal import CZstd

/// Decodes zstd frames whose decoded size is known beforehand.
///
/// Its state, about 160 KB, is allocated once; decoding allocates nothing. Not for two threads at once.
@safe
public final class ZstdDecoder {
  private let context: OpaquePointer

  public init() throws(SystemError) {
    guard let context = unsafe ZSTD_createDCtx() else { throw .outOfMemory(byteCount: 1 << 18) }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// Decodes the one frame that fills `frame` into `count` bytes of `output`, beginning at `offset`.
  ///
  /// - Throws: `SystemError.zstd` unless it is exactly one frame that declares and yields `count` bytes.
  public func decode(
    _ frame: ByteView, into output: AlignedArray<UInt8>, at offset: Int, count: Int
  ) throws(SystemError) {
    let destination = unsafe output.pointer(at: offset, needing: count)
    // The declared size is compared first: it bounds what the decoder writes, and says what the file claims.
    let declared = unsafe ZSTD_getFrameContentSize(frame.base, frame.count)
    guard declared == UInt64(count) else {
      throw .zstd(
        reason: declared > UInt64(Int64.max)
          ? "not a frame that declares its size"
          : "the frame claims \(declared) bytes where \(count) belong")
    }
    let frameSize = unsafe ZSTD_findFrameCompressedSize(frame.base, frame.count)
    guard ZSTD_isError(frameSize) == 0, frameSize == frame.count else {
      throw .zstd(reason: "the frame does not fill its \(frame.count) bytes")
    }
    let result = unsafe ZSTD_decompressDCtx(context, destination, count, frame.base, frame.count)
    guard ZSTD_isError(result) == 0 else {
      throw .zstd(reason: unsafe String(cString: ZSTD_getErrorName(result)))
    }
    guard result == count else { throw .zstd(reason: "\(result) bytes came where \(count) belong") }
  }
}

/// Encodes parts as zstd frames. Not for two threads at once.
@safe
public final class ZstdEncoder {
  private let context: OpaquePointer

  /// What the encoder is told about its input.
  public enum Profile: Sendable {
    /// Quantised codes: there are no matches to find in them, only a distribution to code. A tiny table and
    /// long matches keep the match finder from wasting bytes; higher levels are slower and larger.
    case literalsOnly
    /// Scale codes: mostly equal, in runs.
    case runs
  }

  public init(_ profile: Profile) throws(SystemError) {
    guard let context = unsafe ZSTD_createCCtx() else { throw .outOfMemory(byteCount: 1 << 20) }
    unsafe self.context = context
    let parameters: [(ZSTD_cParameter, Int32)] =
      switch profile {
      case .literalsOnly:
        [
          (ZSTD_c_compressionLevel, 1), (ZSTD_c_strategy, Int32(ZSTD_fast.rawValue)),
          (ZSTD_c_minMatch, 7), (ZSTD_c_hashLog, 6),
        ]
      case .runs: [(ZSTD_c_compressionLevel, 9)]
      }
    for (parameter, value) in parameters + [(ZSTD_c_checksumFlag, 0), (ZSTD_c_contentSizeFlag, 1)] {
      let result = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
      precondition(ZSTD_isError(result) == 0, "zstd refuses one of its own parameters")
    }
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// The largest frame that `count` bytes can become.
  public static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Encodes `range` of `input` as one frame into `output`, beginning at `offset`.
  ///
  /// - Precondition: `ZstdEncoder.bound(range.count)` bytes of `output` follow `offset`.
  /// - Returns: the size of the frame.
  public func encode(
    _ input: AlignedArray<UInt8>, _ range: Range<Int>, into output: AlignedArray<UInt8>,
    at offset: Int
  ) throws(SystemError) -> Int {
    let capacity = Self.bound(range.count)
    let source = unsafe input.pointer(at: range.lowerBound, needing: range.count)
    let destination = unsafe output.pointer(at: offset, needing: capacity)
    let result = unsafe ZSTD_compress2(context, destination, capacity, source, range.count)
    guard ZSTD_isError(result) == 0 else {
      throw .zstd(reason: unsafe String(cString: ZSTD_getErrorName(result)))
    }
    return result
  }
}
