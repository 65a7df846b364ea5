internal import ThimbleJSON
internal import ThimbleSystem

/// What is wrong with a safetensors file.
public enum SafetensorsFault: Error, Equatable, CustomStringConvertible {
  case headerSize(found: UInt64, available: UInt64)
  /// The header is not the JSON it should be; `reason` counts bytes from the start of the header.
  case header(reason: String)
  case entry(name: String, reason: String)
  case elementType(name: String, found: String)
  /// The range of a tensor begins before or behind the end of the one before it.
  case notAdjoining(name: String, begin: UInt64, wanted: UInt64)
  case size(name: String, byteCount: UInt64, shape: [Int], elementType: ElementType)
  /// The file is shorter or longer than its tensors.
  case dataSize(found: UInt64, wanted: UInt64)

  public var description: String {
    switch self {
    case .headerSize(let found, let available):
      "the header claims \(found) bytes; \(available) follow, and at most "
        + "\(SafetensorsReader.largestHeader) are read. Is the file truncated?"
    case .header(let reason): "the header is damaged. \(reason)"
    case .entry(let name, let reason): "tensor \"\(name)\": \(reason)"
    case .elementType(let name, let found):
      "tensor \"\(name)\" holds \"\(found)\", which is not a known type."
    case .notAdjoining(let name, let begin, let wanted):
      "tensor \"\(name)\" begins at byte \(begin) of the data; the one before it ends at \(wanted)."
    case .size(let name, let byteCount, let shape, let elementType):
      "tensor \"\(name)\" has \(byteCount) bytes, which is not the size of \(shape) \(elementType)."
    case .dataSize(let found, let wanted):
      found < wanted
        ? "truncated: the tensors need \(wanted) bytes, \(found) are there. Download it again."
        : "\(found - wanted) bytes follow the last tensor."
    }
  }
}

/// Reads safetensors under the rules of its reference implementation: no holes, no overlaps, no tail.
enum SafetensorsReader {
  static let largestHeader: UInt64 = 100_000_000

  private struct Entry {
    let name: String
    let elementType: ElementType
    let shape: [Int]
    let begin: UInt64
    let end: UInt64
  }

  /// - Returns: the tensors in the order of the data.
  static func read(_ file: ByteView) throws(SafetensorsFault) -> [CheckpointTensor] {
    guard file.count >= 8 else { throw .headerSize(found: 0, available: UInt64(file.count)) }
    let headerSize = file.load(at: 0, as: UInt64.self)
    let available = UInt64(file.count - 8)
    guard headerSize <= largestHeader, let header = file.part(offset: 8, count: headerSize) else {
      throw .headerSize(found: headerSize, available: available)
    }
    let data = file[8 + Int(headerSize)..<file.count]
    var tensors: [CheckpointTensor] = []
    var end: UInt64 = 0
    for entry in try entries(header) {
      guard entry.begin == end, entry.end >= end else {
        throw .notAdjoining(name: entry.name, begin: entry.begin, wanted: end)
      }
      end = entry.end
      guard let bytes = data.part(offset: entry.begin, count: entry.end - entry.begin) else {
        throw .dataSize(found: UInt64(data.count), wanted: entry.end)
      }
      tensors.append(
        CheckpointTensor(
          name: entry.name, elementType: entry.elementType, shape: entry.shape, bytes: bytes))
    }
    guard end == UInt64(data.count) else { throw .dataSize(found: UInt64(data.count), wanted: end) }
    return tensors
  }

  /// The entries of the header in the order of the data.
  private static func entries(_ header: ByteView) throws(SafetensorsFault) -> [Entry] {
    let json: JSONValue
    do {
      json = try header.withSpan { span throws(JSONError) in try JSONValue(parsing: span) }
    } catch {
      throw .header(reason: error.description)
    }
    // The reference reader wants the object at once, without whitespace before it.
    guard header[0] == UInt8(ascii: "{"), let object = json.object else {
      throw .header(reason: "It is not an object.")
    }
    var entries: [Entry] = []
    for (name, value) in object {
      if name == "__metadata__" {
        guard value.object?.allSatisfy({ $0.value.string != nil }) == true else {
          throw .entry(name: name, reason: "the metadata is not an object of strings.")
        }
      } else {
        entries.append(try entry(name, value))
      }
    }
    // An empty tensor may begin where the next one does: it comes first.
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    return entries
  }

  private static func entry(_ name: String, _ value: JSONValue) throws(SafetensorsFault) -> Entry {
    guard let typeName = value["dtype"]?.string else {
      throw .entry(name: name, reason: "\"dtype\" is not a string.")
    }
    guard let elementType = elementTypes[typeName] else {
      throw .elementType(name: name, found: typeName)
    }
    guard let sizes = value["shape"]?.array, sizes.count <= TensorLayout.maximumRank else {
      throw .entry(
        name: name, reason: "\"shape\" is not a list of at most \(TensorLayout.maximumRank) sizes.")
    }
    let shape = sizes.compactMap(\.int)
    guard shape.count == sizes.count, let count = elementCount(ofShape: shape) else {
      throw .entry(
        name: name, reason: "\"shape\" is \(JSONValue(sizes)), too large or no shape.")
    }
    let offsets = value["data_offsets"]?.array?.compactMap(\.uint64) ?? []
    guard offsets.count == 2, value["data_offsets"]?.array?.count == 2, offsets[0] <= offsets[1]
    else { throw .entry(name: name, reason: "\"data_offsets\" is not a range of bytes.") }
    let (bits, overflow) = count.multipliedReportingOverflow(by: elementType.bitCount)
    guard !overflow, bits % 8 == 0, UInt64(bits / 8) == offsets[1] - offsets[0] else {
      throw .size(
        name: name, byteCount: offsets[1] - offsets[0], shape: shape, elementType: elementType)
    }
    return Entry(
      name: name, elementType: elementType, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private static let elementTypes: [String: ElementType] = [
    "F32": .float32, "F16": .float16, "BF16": .bfloat16, "F64": .float64,
    "I64": .int64, "I32": .int32, "I16": .int16, "I8": .int8,
    "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool, "C64": .complex64,
    "F8_E5M2": .float8e5m2, "F8_E4M3": .float8e4m3, "F8_E8M0": .float8e8m0,
    "F8_E4M3FNUZ": .float8e4m3fnuz, "F8_E5M2FNUZ": .float8e5m2fnuz,
    "F4": .float4, "F6_E2M3": .float6e2m3, "F6_E3M2": .float6e3m2,
  ]
}
