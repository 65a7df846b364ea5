internal import ThimbleSystem

extension ChunkRecord {
  func encode(into writer: inout ByteWriter) {
    writer.append(offset)
    writer.append(hash)
    writer.append(UInt32(codesSize))
    writer.append(UInt32(scalesSize))
    writer.append(codesEncoding.rawValue)
    writer.append(scalesEncoding.rawValue)
    writer.appendZeros(6)
  }

  /// Reads a record without judging it; nil if an encoding is unknown or a reserved byte is not zero.
  static func read(_ bytes: ByteView) -> ChunkRecord? {
    guard let codesEncoding = CodesEncoding(rawValue: bytes[24]),
      let scalesEncoding = ScalesEncoding(rawValue: bytes[25]),
      (26..<32).allSatisfy({ bytes[$0] == 0 })
    else { return nil }
    return ChunkRecord(
      offset: bytes.load(at: 0, as: UInt64.self), hash: bytes.load(at: 8, as: UInt64.self),
      codesSize: Int(bytes.load(at: 16, as: UInt32.self)),
      scalesSize: Int(bytes.load(at: 20, as: UInt32.self)),
      codesEncoding: codesEncoding, scalesEncoding: scalesEncoding)
  }

  /// The rule that this record breaks as chunk `chunk` of a tensor of `shape`, or nil.
  func brokenRule(chunk: Int, of shape: TensorShape) -> String? {
    let (codes, scales) = (shape.codesSize(ofChunk: chunk), shape.scalesSize(ofChunk: chunk))
    switch codesEncoding {
    case .stored where codesSize != codes:
      return "\(codesSize) stored bytes, its shape needs \(codes)"
    case .nibblePlanes where shape.kind == .f32: return "f32 values in nibble planes"
    case .nibblePlanes where codesSize <= codes / 2: return "no bytes for the high plane"
    case .zstd where codesSize == 0: return "an empty zstd frame"
    default: break
    }
    switch scalesEncoding {
    case .none where scalesSize != 0: return "bytes of scales where none belong"
    case .stored where scalesSize != scales: return "\(scalesSize) bytes of scales, not \(scales)"
    case .stored where shape.kind == .f32, .zstd where shape.kind == .f32: return "f32 with scales"
    case .zstd where scalesSize == 0: return "an empty zstd frame of scales"
    default: return nil
    }
  }
}
