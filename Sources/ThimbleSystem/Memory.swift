internal import Glibc

// Anonymous mappings rather than malloc for what is large: their pages are zero, are not resident
// until they are touched, and go back to the system at once when they are freed.
private let mappingThreshold = 128 << 10

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
