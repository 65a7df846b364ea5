internal import ThimbleSystem

/// A tensor of a file: what it is, and which chunks hold it.
public struct TensorRecord: Sendable, Equatable {
  public let shape: TensorShape
  /// Index in the file of its first chunk.
  public let firstChunk: Int
  /// Index in the file's tensors of the column factors, if it has any.
  public let columnFactors: Int?

  public var name: String { shape.name }

  /// Its chunks, as indices in the file.
  public var chunks: Range<Int> { firstChunk..<firstChunk + shape.chunkCount }
}

extension TensorRecord {
  func encode(nameOffset: Int, into writer: inout ByteWriter) {
    writer.append(UInt32(nameOffset))
    writer.append(UInt16(shape.name.utf8.count))
    writer.append(shape.kind.rawValue)
    writer.append(UInt8(shape.rank))
    writer.append(UInt32(shape.rows))
    writer.append(UInt32(shape.columns))
    writer.append(UInt32(firstChunk))
    writer.append(UInt32(shape.chunkCount))
    writer.append(UInt32(shape.panelsPerChunk))
    writer.append(shape.step.bitPattern)
    writer.append(UInt32(columnFactors.map { $0 + 1 } ?? 0))
    writer.appendZeros(28)
  }

  /// Reads the record in `bytes`; says which rule it breaks.
  static func read(
    _ bytes: ByteView, names: ByteView, nameOffset: Int, firstChunk: Int
  ) -> Result<TensorRecord, BrokenRule> {
    func integer(_ offset: Int) -> Int { Int(bytes.load(at: offset, as: UInt32.self)) }
    let nameSize = Int(bytes.load(at: 4, as: UInt16.self))
    guard integer(0) == nameOffset, (1...Layout.maximumNameSize).contains(nameSize),
      let name = names.part(offset: UInt64(nameOffset), count: UInt64(nameSize)),
      (0..<nameSize).allSatisfy({ (0x21...0x7E).contains(name[$0]) }), let name = name.utf8String()
    else {
      return .failure("the name lies outside the names, or is not 1 to 128 printable characters")
    }
    func broken(_ rule: String) -> Result<TensorRecord, BrokenRule> {
      .failure(BrokenRule("tensor \"\(name)\": \(rule)"))
    }
    guard let kind = TensorKind(rawValue: bytes[6]) else {
      return broken("unknown kind \(bytes[6])")
    }
    let shape = TensorShape(
      name: name, kind: kind, rank: Int(bytes[7]), rows: integer(8), columns: integer(12),
      panelsPerChunk: integer(24), step: Float(bitPattern: bytes.load(at: 28, as: UInt32.self)))
    if let rule = shape.brokenRule { return broken(rule) }
    guard integer(16) == firstChunk, integer(20) == shape.chunkCount else {
      return broken(
        "chunks \(integer(16)) and \(integer(20)) following; its shape and place need \(firstChunk) and \(shape.chunkCount)"
      )
    }
    guard (36..<64).allSatisfy({ bytes[$0] == 0 }) else {
      return broken("reserved bytes are not zero")
    }
    let factors = integer(32)
    return .success(
      TensorRecord(
        shape: shape, firstChunk: firstChunk, columnFactors: factors == 0 ? nil : factors - 1))
  }
}

/// A rule of the specification that does not hold, in words.
struct BrokenRule: Error, ExpressibleByStringInterpolation {
  let rule: String

  init(_ rule: String) { self.rule = rule }
  init(stringLiteral value: String) { rule = value }
}
