internal import Glibc

/// What the operating system, or a C library under us, refused to do.
public enum SystemError: Error, Equatable, CustomStringConvertible {
  /// `operation` ("open", "write to") on `path` failed with the C error number `code`.
  case file(operation: String, path: String, code: Int32)
  /// `path` is not a regular file, but `found`: "a folder".
  case notAFile(path: String, found: String)
  /// The file system of `path` has room for `available` bytes only.
  case noSpace(path: String, needed: Int, available: Int)
  /// A line of standard input is longer than `limit` bytes.
  case lineTooLong(limit: Int)
  case outOfMemory(byteCount: Int)
  /// A thread could not be started; `code` is the C error number.
  case thread(code: Int32)
  /// A zstd frame could not be decoded; `reason` in zstd's words.
  case zstd(reason: String)

  public var description: String {
    switch self {
    case .file(let operation, let path, let code):
      "\(path.printable()): cannot \(operation): \(unsafe String(cString: strerror(code)))."
    case .notAFile(let path, let found):
      "\(path.printable()): \(found), but a file is expected."
    case .noSpace(let path, let needed, let available):
      "\(path.printable()): not enough space: about \(Self.size(needed)) needed, \(Self.size(available)) free."
    case .lineTooLong(let limit):
      "The line has more than \(limit) bytes. Split it."
    case .outOfMemory(let byteCount):
      "The system refused \(byteCount) bytes of memory."
    case .thread(let code):
      "Cannot start a compute thread: \(unsafe String(cString: strerror(code)))."
    case .zstd(let reason):
      "zstd: \(reason)."
    }
  }

  /// `byteCount` in units that leave at least two digits.
  private static func size(_ byteCount: Int) -> String {
    byteCount < 10 << 20 ? "\(byteCount >> 10) KiB" : "\(byteCount >> 20) MiB"
  }
}
