internal import Glibc

/// Whether the system would lend so many bytes now. They are asked for and given back at once; none is touched.
public func systemGrants(byteCount: Int) -> Bool {
  guard let memory = unsafe try? allocateZeroed(byteCount: byteCount) else { return false }
  unsafe releaseZeroed(memory, byteCount: byteCount)
  return true
}

/// Whether this process may have so many more addresses (`ulimit -v`), whether or not there is memory behind them. Stacks of
/// threads take 8 MiB of them each.
public func systemGrants(addresses byteCount: Int) -> Bool {
  let memory = unsafe mmap(
    nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
  guard unsafe memory != MAP_FAILED else { return false }
  unsafe munmap(memory, byteCount)
  return true
}
