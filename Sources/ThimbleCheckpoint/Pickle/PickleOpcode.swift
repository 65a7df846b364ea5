/// The instructions that a checkpoint may contain.
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case frame = 0x95
  case global = 0x63
  case stackGlobal = 0x93
  case mark = 0x28
  case pop = 0x30
  case popMark = 0x31
  case emptyTuple = 0x29
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case tuple = 0x74
  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case emptyDictionary = 0x7D
  case setItem = 0x73
  case setItems = 0x75
  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  case integer8 = 0x4B
  case integer16 = 0x4D
  case integer32 = 0x4A
  case long1 = 0x8A
  case long4 = 0x8B
  case float = 0x47
  case unicode8 = 0x8C
  case unicode32 = 0x58
  case unicode64 = 0x8D
  case string8 = 0x55
  case string32 = 0x54
  case bytes8 = 0x43
  case bytes32 = 0x42
  case put8 = 0x71
  case put32 = 0x72
  case memoize = 0x94
  case get8 = 0x68
  case get32 = 0x6A
  case persistentID = 0x51
  case reduce = 0x52
  case build = 0x62
  case stop = 0x2E

  /// How many bytes say the length of the text or bytes that follow; nil for other instructions.
  var lengthSize: Int? {
    switch self {
    case .unicode8, .string8, .bytes8: 1
    case .unicode32, .string32, .bytes32: 4
    case .unicode64: 8
    default: nil
    }
  }

  /// The name of any instruction, for messages about those that are refused.
  static func name(of byte: UInt8) -> String {
    let hex = String(byte, radix: 16, uppercase: true)
    let code = "0x" + (hex.count < 2 ? "0" : "") + hex
    return refused[byte].map { "\($0) (\(code))" } ?? code
  }

  private static let refused: [UInt8: String] = [
    0x46: "FLOAT", 0x49: "INT", 0x4C: "LONG", 0x53: "STRING", 0x56: "UNICODE", 0x50: "PERSID",
    0x64: "DICT", 0x6C: "LIST", 0x70: "PUT", 0x67: "GET", 0x69: "INST", 0x6F: "OBJ",
    0x32: "DUP", 0x81: "NEWOBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8E: "BINBYTES8",
    0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET", 0x92: "NEWOBJ_EX",
    0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]
}
