internal import Glibc

/// A file mapped read-only: its pages are read when they are touched and belong to the page cache.
///
/// - Note: If another process truncates the file, touching the lost pages raises SIGBUS; if one writes into it, its bytes
///   are others from then on: see `isUnchanged`. Files of ours are replaced by renaming, never rewritten, so a
///   mapping of them stays whole.
@safe
public final class MappedFile: @unchecked Sendable {
  // Unchecked, because the mapping is read-only and lives as long as the object.
  public let path: String
  public let count: Int
  let base: UnsafeMutableRawPointer
  private let descriptor: Int32
  private let modified: timespec

  public init(path: String) throws(SystemError) {
    // Without O_NONBLOCK a pipe of that name would be waited for until somebody opens its other end.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .file(operation: "open", path: path, code: errno) }
    var isOpen = false
    defer { if !isOpen { close(descriptor) } }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .file(operation: "examine", path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .notAFile(path: path, found: kindName(status.st_mode))
    }
    self.path = path
    count = Int(status.st_size)
    // An empty file cannot be mapped at length 0; no byte of the one page is ever read.
    let memory = unsafe mmap(nil, max(count, 1), PROT_READ, MAP_SHARED, descriptor, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
      throw .file(operation: "map", path: path, code: errno)
    }
    unsafe base = memory
    self.descriptor = descriptor
    modified = status.st_mtim
    isOpen = true
  }

  deinit {
    unsafe munmap(base, max(count, 1))
    close(descriptor)
  }

  /// Whether nobody has written into the file, or cut it short, since it was opened. One system call.
  ///
  /// What has been computed from the mapping is right only if this holds afterwards. Renaming another file over it, or
  /// removing it, leaves it as it is.
  public var isUnchanged: Bool {
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 && Int(status.st_size) == count
      && status.st_mtim.tv_sec == modified.tv_sec && status.st_mtim.tv_nsec == modified.tv_nsec
  }

  /// All bytes of the file.
  public var bytes: ByteView {
    unsafe ByteView(owner: self, base: UnsafeRawPointer(base), count: count)
  }

  /// What the kernel may assume about a part of the mapping.
  public enum Advice: Sendable {
    /// It will be used soon: begin to read it.
    case willNeed
    /// It will not be used soon: its pages need not stay resident in this process.
    case dontNeed
    /// It will be read from front to back.
    case sequential
  }

  /// Advises the kernel about `range`. A hint: it has no other effect and cannot fail.
  public func advise(_ advice: Advice, _ range: Range<Int>) {
    let range = range.clamped(to: 0..<count)
    // Whole pages only: reading ahead takes the first, partly covered page too; dropping leaves it.
    let first =
      advice == .dontNeed
      ? (range.lowerBound + pageSize - 1) / pageSize : range.lowerBound / pageSize
    let last =
      advice == .dontNeed && range.upperBound < count
      ? range.upperBound / pageSize : (range.upperBound + pageSize - 1) / pageSize
    guard last > first else { return }
    let code =
      switch advice {
      case .willNeed: MADV_WILLNEED
      case .dontNeed: MADV_DONTNEED
      case .sequential: MADV_SEQUENTIAL
      }
    unsafe madvise(base + first * pageSize, (last - first) * pageSize, code)
  }
}

let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
