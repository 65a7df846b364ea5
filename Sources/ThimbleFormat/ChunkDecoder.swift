public import ThimbleSystem

/// Turns chunks back into codes and scale codes. Not for two threads at once; decoding allocates nothing.
public final class ChunkDecoder {
  private let zstd: ZstdDecoder
  private let highPlane: AlignedArray<UInt8>
  private let kernels: KernelTable

  /// - Parameter largestChunk: the most bytes of codes that a chunk will decode to.
  public init(largestChunk: Int, kernels: KernelTable) throws(SystemError) {
    zstd = try ZstdDecoder()
    highPlane = try AlignedArray(count: (largestChunk + 1) / 2)
    self.kernels = kernels
  }

  /// Decodes chunk `chunk` of `tensor`: its codes, or fp32 bytes, to `codes` from `codesOffset`, and its scale
  /// codes, if its kind has any, to `scaleCodes` from `scalesOffset`.
  ///
  /// The first time a chunk is used, its hash is checked.
  public func decode(
    chunk: Int, of tensor: TensorRecord, in file: ThimbleFile,
    into codes: AlignedArray<UInt8>, at codesOffset: Int,
    scaleCodes: AlignedArray<UInt8>?, at scalesOffset: Int
  ) throws(FormatError) {
    let record = file.chunk(tensor.firstChunk + chunk)
    try file.checkHash(ofChunk: tensor.firstChunk + chunk, record: record)
    let bytes = file.bytes(of: record)
    do throws(SystemError) {
      try decodeCodes(
        bytes[0..<record.codesSize], record.codesEncoding, into: codes, at: codesOffset,
        count: tensor.shape.codesSize(ofChunk: chunk))
      if let scaleCodes {
        try decodeScales(
          bytes[record.codesSize..<record.size], record.scalesEncoding, into: scaleCodes,
          at: scalesOffset, count: tensor.shape.scalesSize(ofChunk: chunk))
      }
    } catch {
      throw .invalid(
        path: file.path, part: file.name(ofChunk: tensor.firstChunk + chunk),
        rule: error.description)
    }
  }

  private func decodeCodes(
    _ bytes: ByteView, _ encoding: CodesEncoding, into codes: AlignedArray<UInt8>, at offset: Int,
    count: Int
  ) throws(SystemError) {
    switch encoding {
    case .stored: bytes.copy(into: codes, at: offset)
    case .zstd: try zstd.decode(bytes, into: codes, at: offset, count: count)
    case .nibblePlanes:
      let half = count / 2
      try zstd.decode(bytes[half..<bytes.count], into: highPlane, at: 0, count: half)
      kernels.joinPlanes(low: bytes[0..<half], high: highPlane.from(0), into: codes.from(offset))
    }
  }

  private func decodeScales(
    _ bytes: ByteView, _ encoding: ScalesEncoding, into scaleCodes: AlignedArray<UInt8>,
    at offset: Int, count: Int
  ) throws(SystemError) {
    switch encoding {
    case .none:
      scaleCodes.withMutableSpan(offset..<offset + count) { span in
        for index in span.indices { span[index] = 0 }
      }
    case .stored: bytes.copy(into: scaleCodes, at: offset)
    case .zstd: try zstd.decode(bytes, into: scaleCodes, at: offset, count: count)
    }
  }
}

extension ThimbleFile {
  /// The most bytes of codes, or of f32 values, that any chunk of the file decodes to.
  public var largestChunk: Int { tensors.map { $0.shape.codesSize(ofChunk: 0) }.max() ?? 0 }

  /// Calls `body` with the values of the `f32` tensor `tensor`, in row-major order, a chunk at a time.
  ///
  /// - Parameters:
  ///   - scratch: room for the largest chunk of the file; overwritten.
  ///   - body: is given the index of the first value, and fp32 bytes that stay until it returns.
  /// - Precondition: `tensor` is of kind `f32`.
  public func forEachChunk(
    of tensor: TensorRecord, decoder: ChunkDecoder, scratch: AlignedArray<UInt8>,
    _ body: (_ first: Int, _ values: ByteView) -> Void
  ) throws(FormatError) {
    precondition(tensor.shape.kind == .f32, "\(tensor.name) is quantised")
    for chunk in 0..<tensor.shape.chunkCount {
      try decoder.decode(
        chunk: chunk, of: tensor, in: self, into: scratch, at: 0, scaleCodes: nil, at: 0)
      let values = ByteView(scratch)[0..<tensor.shape.codesSize(ofChunk: chunk)]
      if let rule = values.brokenRuleOfValues(from: chunk * Layout.valuesPerChunk) {
        throw .invalid(path: path, part: name(ofChunk: tensor.firstChunk + chunk), rule: rule)
      }
      body(chunk * Layout.valuesPerChunk, values)
    }
  }

  /// The values of the `f32` tensor `tensor`, in row-major order, followed by zeros up to `count`.
  ///
  /// - Parameters:
  ///   - count: nil: as many as there are.
  ///   - scratch: as for `forEachChunk`; nil: memory of its own.
  public func values(
    of tensor: TensorRecord, count: Int? = nil, decoder: ChunkDecoder,
    scratch: AlignedArray<UInt8>? = nil
  ) throws(FormatError) -> AlignedArray<Float> {
    let values: AlignedArray<Float>
    var chunk = scratch
    do throws(SystemError) {
      values = try AlignedArray(count: max(count ?? 0, tensor.shape.valueCount))
      if chunk == nil { chunk = try AlignedArray(count: tensor.shape.codesSize(ofChunk: 0)) }
    } catch { throw .system(error) }
    guard let chunk else { return values }
    try forEachChunk(of: tensor, decoder: decoder, scratch: chunk) { first, bytes in
      values.withMutableSpan(first..<first + bytes.count / 4) { span in
        bytes.readFloat32(from: 0, into: &span)
      }
    }
    return values
  }
}
