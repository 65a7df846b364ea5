internal import Glibc

/// A file that appears whole or not at all.
///
/// Bytes go to a temporary file beside the target; `commit` makes them durable and renames it over the
/// target. A reader that has the old file mapped keeps the old file. If the object dies uncommitted,
/// the temporary file is removed; if the process is killed, it is left under its own name and the target is
/// untouched. The temporary file is unnamed where the file system allows it, and then leaves nothing.
@safe
public final class OutputFile {
  public let path: String
  private let folder: String
  private let temporaryPath: String
  private let isNamed: Bool
  /// While an incomplete file has a name.
  private var doomed: DoomedPath?
  private let descriptor: Int32
  private var isCommitted = false
  /// What a committed file outlives.
  public enum Durability: Sendable {
    /// A loss of power.
    case synced
    /// This process: enough for files that can be made again.
    case cached
  }

  /// Bytes appended so far: where the next ones go.
  public private(set) var position = 0
  /// How many of them the kernel has been told to write back.
  private var writtenBack = 0

  public init(path: String) throws(SystemError) {
    self.path = path
    folder = Self.split(path).folder
    temporaryPath = Self.hiddenPath(beside: path, "partial")
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw .notAFile(path: path, found: kindName(status.st_mode))
      }
    } else if errno != ENOENT {
      // A name that is too long would show only when the complete file gets it.
      throw .file(operation: "create", path: path, code: errno)
    }
    guard !Self.split(path).name.isEmpty else {
      throw .notAFile(path: path, found: "the name of a folder")
    }
    // O_TMPFILE: no name until it is complete, so that not even SIGKILL leaves anything behind.
    let unnamed = unsafe open(folder, unnamedFile | O_RDWR | O_CLOEXEC, 0o666)
    isNamed = unnamed < 0
    descriptor =
      isNamed
      ? unsafe open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) : unnamed
    guard descriptor >= 0 else { throw .file(operation: "create", path: path, code: errno) }
    if isNamed { doomed = DoomedPath(temporaryPath) }
  }

  /// A path in the folder of `path` that no other process uses: ".FILE.PROCESS.purpose".
  public static func hiddenPath(beside path: String, _ purpose: String) -> String {
    let (folder, name) = split(path)
    // A name may have 255 bytes, and a character 4.
    return "\(folder).\(String(name.unicodeScalars.prefix(48))).\(getpid()).\(purpose)"
  }

  /// The folder of `path`.
  public static func folder(of path: String) -> String { split(path).folder }

  private static func split(_ path: String) -> (folder: String, name: String) {
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    return (
      components.count > 1 ? components.dropLast().joined(separator: "/") + "/" : "./",
      String(components.last ?? "")
    )
  }

  deinit {
    close(descriptor)
    if isNamed && !isCommitted { unsafe unlink(temporaryPath) }
  }

  /// Appends `range` of `bytes`.
  public func append(_ bytes: AlignedArray<UInt8>, _ range: Range<Int>) throws(SystemError) {
    try unsafe write(
      UnsafeRawPointer(bytes.pointer(at: range.lowerBound, needing: range.count)),
      count: range.count, at: position)
    position += range.count
    if position - writtenBack >= Self.writeBackInterval { startWriteBack() }
  }

  // Often enough to keep a disk busy, rarely enough to cost nothing.
  private static let writeBackInterval = 4 << 20

  /// Lets the disk work while its bytes are still being made, so that `commit` has little to wait for.
  private func startWriteBack() {
    // On Linux this begins to write what is dirty, and drops what is clean: nothing here.
    posix_fadvise(
      descriptor, off_t(writtenBack), off_t(position - writtenBack), POSIX_FADV_DONTNEED)
    writtenBack = position
  }

  /// Claims the space for `byteCount` bytes, so that a full disk shows before the work is done.
  public func reserve(_ byteCount: Int) throws(SystemError) {
    switch posix_fallocate(descriptor, 0, off_t(byteCount)) {
    case 0, EOPNOTSUPP, EINVAL: break  // not every file system can
    case let code:
      throw .file(operation: "reserve \(byteCount) bytes for", path: path, code: code)
    }
  }

  /// Appends `bytes`.
  public func append(_ bytes: [UInt8]) throws(SystemError) {
    try write(bytes, at: position)
    position += bytes.count
  }

  /// Writes `bytes` over what stands at `offset`.
  public func overwrite(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    precondition(offset >= 0 && offset + bytes.count <= position, "overwrites the end")
    try write(bytes, at: offset)
  }

  /// Makes the file durable and gives it its name.
  public func commit(_ durability: Durability = .synced) throws(SystemError) {
    // Less may have come than was reserved.
    guard ftruncate(descriptor, off_t(position)) == 0,
      durability == .cached || fsync(descriptor) == 0
    else { throw failure("write to") }
    if !isNamed {
      doomed = DoomedPath(temporaryPath)
      // linkat does not replace a file, so the complete file gets a temporary name first.
      unsafe unlink(temporaryPath)
      guard
        unsafe linkat(
          AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) == 0
      else { throw failure("name") }
    }
    guard unsafe rename(temporaryPath, path) == 0 else {
      let code = errno
      unsafe unlink(temporaryPath)
      throw .file(operation: "rename to", path: path, code: code)
    }
    isCommitted = true
    doomed = nil
    // The new name is an entry of the folder: it is durable when the folder is.
    let folderDescriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folderDescriptor >= 0 {
      fsync(folderDescriptor)
      close(folderDescriptor)
    }
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws(SystemError) {
    var failed: SystemError?
    unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      do throws(SystemError) {
        try unsafe write(base, count: buffer.count, at: offset)
      } catch { failed = error }
    }
    if let failed { throw failed }
  }

  @unsafe
  private func write(_ bytes: UnsafeRawPointer, count: Int, at offset: Int) throws(SystemError) {
    var done = 0
    while done < count {
      let written = unsafe pwrite(descriptor, bytes + done, count - done, off_t(offset + done))
      if written < 0 {
        if errno == EINTR { continue }
        throw failure("write to")
      }
      done += written
    }
  }

  private func failure(_ operation: String) -> SystemError {
    .file(operation: operation, path: path, code: errno)
  }
}

// Not imported from C: __O_TMPFILE | O_DIRECTORY, of <bits/fcntl-linux.h>.
#if arch(arm64)
  private let unnamedFile: Int32 = 0o20040000
#else
  private let unnamedFile: Int32 = 0o20200000
#endif
