internal import Glibc

// Anonymous mappings rather than malloc for what is large: their pages are zero, are not resident
// until they are touched, and go back to the system at once when they are freed.
private let mappingThreshold = 128 << 10

/// The pages that an array would like to live in.
public enum PageSize: Sendable {
  case standard
  /// Huge ones, as far as the array fills them and the system has them: for what is read from end to end again
  /// and again.
  case huge
}

private let hugePageSize = 2 << 20

/// Like `allocateZeroed`, with huge pages for all that fills them.
@unsafe
func allocateZeroedInHugePages(byteCount: Int) throws(SystemError) -> UnsafeMutableRawPointer {
  guard byteCount >= hugePageSize else { return try unsafe allocateZeroed(byteCount: byteCount) }
  // Room to align; what is left over at both ends goes back. No page has been touched.
  let mapped = try unsafe allocateZeroed(byteCount: byteCount + hugePageSize)
  let before = (hugePageSize - Int(bitPattern: mapped) % hugePageSize) % hugePageSize
  let memory = unsafe mapped + before
  if before > 0 { unsafe munmap(mapped, before) }
  let used = (byteCount + pageSize - 1) / pageSize * pageSize
  unsafe munmap(memory + used, (hugePageSize - before) / pageSize * pageSize)
  unsafe madvise(memory, byteCount / hugePageSize * hugePageSize, MADV_HUGEPAGE)
  return unsafe memory
}

@unsafe
func allocateZeroed(byteCount: Int) throws(SystemError) -> UnsafeMutableRawPointer {
  if byteCount >= mappingThreshold {
    let memory = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
      throw .outOfMemory(byteCount: byteCount)
    }
    return unsafe memory
  }
  var memory: UnsafeMutableRawPointer?
  guard unsafe posix_memalign(&memory, 64, max(byteCount, 64)) == 0, let memory = unsafe memory
  else { throw .outOfMemory(byteCount: byteCount) }
  unsafe memset(memory, 0, byteCount)
  return unsafe memory
}

@unsafe
func releaseZeroed(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
  if byteCount >= mappingThreshold {
    unsafe munmap(memory, byteCount)
  } else {
    unsafe free(memory)
  }
}
