internal import Glibc

/// What stands where a server wants to make a Unix socket.
public enum LocalSocketState: Sendable {
  case absent
  /// A socket that a server listens at.
  case answering
  /// A socket that nobody listens at any more.
  case stale
  /// A file, a folder, a link, or anything else.
  case otherFile
}

/// What stands at `path`: finds out by connecting, if it is a socket.
///
/// - Throws: `SystemError.file` if this process may not know.
public func localSocket(at path: String) throws(SystemError) -> LocalSocketState {
  var status = stat()
  guard unsafe lstat(path, &status) == 0 else {
    guard errno == ENOENT else { throw .file(operation: "look at", path: path, code: errno) }
    return .absent
  }
  guard status.st_mode & S_IFMT == S_IFSOCK else { return .otherFile }
  var address = sockaddr_un()
  let bytes = Array(path.utf8)
  guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
    throw .file(operation: "connect to", path: path, code: ENAMETOOLONG)
  }
  address.sun_family = sa_family_t(AF_UNIX)
  // The bytes fit, as was just checked; those behind them are zero.
  unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
  let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  let descriptor = socket(AF_UNIX, type, 0)
  guard descriptor >= 0 else { throw .file(operation: "connect to", path: path, code: errno) }
  defer { close(descriptor) }
  let size = socklen_t(MemoryLayout<sockaddr_un>.size)
  let result = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(descriptor, $0, size)
    }
  }
  if result == 0 { return .answering }
  switch errno {
  case ECONNREFUSED: return .stale
  // Its backlog is full.
  case EAGAIN: return .answering
  default: throw .file(operation: "connect to", path: path, code: errno)
  }
}

/// Numbers of errors that others must tell apart.
public enum CError {
  public static let addressInUse = EADDRINUSE
  public static let invalidArgument = EINVAL
}
