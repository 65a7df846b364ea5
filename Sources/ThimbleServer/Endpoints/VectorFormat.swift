internal import ThimbleJSON

/// How a vector is written in an answer.
enum VectorFormat: String, CaseIterable {
  case decimals = "float"
  /// Of little-endian 32-bit floats.
  case base64

  /// The format that `encoding_format` names.
  init(_ fields: Fields) throws(APIError) {
    let name = try fields.string("encoding_format") ?? Self.decimals.rawValue
    guard let format = Self(rawValue: name) else {
      throw .malformed("\"encoding_format\" must be \"float\" or \"base64\".")
    }
    self = format
  }

  /// JSON text. Written by hand: as JSON values the numbers would take ten times their size.
  func text(_ vector: [Float]) -> String {
    switch self {
    case .decimals: "[" + vector.lazy.map(\.description).joined(separator: ",") + "]"
    case .base64: "\"\(ThimbleServer.base64(vector))\""
    }
  }
}

/// The little-endian bytes of `values` in base64.
package func base64(_ values: [Float]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((values.count * 4 + 2) / 3 * 4)
  var (group, count) = (0, 0)
  func append(padding: Int) {
    for place in 0..<4 {
      text.append(place < 4 - padding ? alphabet[group >> (18 - 6 * place) & 63] : 0x3D)
    }
  }
  for value in values {
    for shift in stride(from: 0, to: 32, by: 8) {
      group = group << 8 | Int(value.bitPattern >> UInt32(shift) & 255)
      count += 1
      if count == 3 {
        append(padding: 0)
        (group, count) = (0, 0)
      }
    }
  }
  if count > 0 {
    group <<= 8 * (3 - count)
    append(padding: 3 - count)
  }
  return String(decoding: text, as: UTF8.self)
}
