/// Whether the system would lend so many bytes now. They are asked for and given back at once; none is touched.
public func systemGrants(byteCount: Int) -> Bool {
  guard let memory = unsafe try? allocateZeroed(byteCount: byteCount) else { return false }
  unsafe releaseZeroed(memory, byteCount: byteCount)
  return true
}
