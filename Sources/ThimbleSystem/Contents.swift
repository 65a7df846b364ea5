internal import Glibc

/// The bytes of what stands at `path`. A file is mapped; a pipe, a terminal, and standard input ("-") are read to their end.
///
/// - Parameter limit: the most bytes that are read of what cannot be mapped.
/// - Throws: `SystemError.file`, also for what has more than `limit` bytes; `.notAFile` for a folder or a disk.
public func contents(ofPath path: String, limit: Int = 1 << 28) throws(SystemError) -> ByteView {
  let isInput = path == "-"
  let descriptor = isInput ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .file(operation: "open", path: path, code: errno) }
  defer { if !isInput { close(descriptor) } }
  let name = isInput ? "standard input" : path
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0 else {
    throw .file(operation: "examine", path: name, code: errno)
  }
  switch status.st_mode & S_IFMT {
  case S_IFREG where !isInput: return try MappedFile(path: path).bytes
  case S_IFDIR, S_IFBLK: throw .notAFile(path: name, found: kindName(status.st_mode))
  default: return try ByteView(readAll(descriptor, name, limit: limit))
  }
}

private func readAll(
  _ descriptor: Int32, _ name: String, limit: Int
) throws(SystemError) -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    if count < 0 {
      if errno == EINTR { continue }
      throw .file(operation: "read", path: name, code: errno)
    }
    if count == 0 { return bytes }
    guard bytes.count + count <= limit else {
      throw .file(operation: "read more than \(limit) bytes", path: name, code: EFBIG)
    }
    bytes += buffer[..<count]
  }
}
