internal import Glibc

/// What there is at a path, and in a directory.
public enum Directory {
  /// Whether `path` leads to a directory, through links too. False if nothing is there.
  public static func exists(_ path: String) -> Bool { mode(path) == S_IFDIR }

  /// Whether `path` leads to a regular file, through links too.
  public static func hasFile(_ path: String) -> Bool { mode(path) == S_IFREG }

  /// The names of everything in the directory `path`, sorted by their bytes.
  public static func names(_ path: String) throws(SystemError) -> [String] {
    guard let stream = unsafe opendir(path) else {
      throw .file(operation: "list", path: path, code: errno)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        // The kernel ends every name with a zero byte.
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func mode(_ path: String) -> mode_t? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT
  }
}
