internal import Glibc

/// The names of what is in the folder at `path`, sorted by their bytes.
public func listFolder(_ path: String) throws(SystemError) -> [String] {
  guard let folder = unsafe opendir(path) else {
    throw .file(operation: "list", path: path, code: errno)
  }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  while let entry = unsafe readdir(folder) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
}

/// What stands at a path.
public enum PathKind: Sendable {
  case file, folder, other, nothing
}

/// What stands at `path`, following links.
public func kind(ofPath path: String) -> PathKind {
  var status = stat()
  guard unsafe stat(path, &status) == 0 else { return .nothing }
  switch status.st_mode & S_IFMT {
  case S_IFREG: return .file
  case S_IFDIR: return .folder
  default: return .other
  }
}

/// What a file of this mode is, in words.
func kindName(_ mode: mode_t) -> String {
  switch mode & S_IFMT {
  case S_IFREG: "a file"
  case S_IFDIR: "a folder"
  case S_IFIFO: "a pipe"
  case S_IFSOCK: "a socket"
  case S_IFCHR, S_IFBLK: "a device"
  default: "no regular file"
  }
}

/// Whether both paths lead to one file, which is there.
public func isSameFile(_ path: String, _ other: String) -> Bool {
  var (first, second) = (stat(), stat())
  return unsafe stat(path, &first) == 0 && stat(other, &second) == 0
    && first.st_dev == second.st_dev && first.st_ino == second.st_ino
}

/// Bytes that this user may still write to the file system of the folder `path`; nil if it does not tell.
public func freeSpace(inFolder path: String) -> Int? {
  var status = statvfs()
  guard unsafe statvfs(path, &status) == 0 else { return nil }
  let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(
    by: UInt64(status.f_frsize))
  return overflow ? nil : Int(clamping: bytes)
}

/// Makes the folder `path`, for this user only. The folder that holds it must exist.
public func makeFolder(_ path: String) throws(SystemError) {
  guard unsafe mkdir(path, 0o700) == 0 else {
    throw .file(operation: "create", path: path, code: errno)
  }
}

/// Removes the file, or the empty folder, at `path`; nothing happens if there is none.
public func removePath(_ path: String) { _ = unsafe remove(path) }

/// The number of this process.
public var processID: Int32 { getpid() }
