internal import Glibc

extension AlignedArray {
  /// Gives the memory of the elements from `start` on back to the system, as far as it is whole pages. They are zero again, or
  /// what they were, and take memory again as soon as they are written.
  public func giveBack(from start: Int) {
    precondition(start >= 0 && start <= count, "element \(start) of an array of \(count)")
    let address = unsafe Int(bitPattern: base)
    let first =
      (address + start * MemoryLayout<Element>.stride + pageSize - 1) / pageSize * pageSize
    let end = (address + byteCount) / pageSize * pageSize
    guard first < end else { return }
    // Whole pages of this array alone: nothing else lives there.
    unsafe madvise(UnsafeMutableRawPointer(base) + (first - address), end - first, MADV_DONTNEED)
  }
}
