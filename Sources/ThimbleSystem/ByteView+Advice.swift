extension ByteView {
  /// Advises the kernel about these bytes, if they lie in a mapped file; else does nothing.
  public func advise(_ advice: MappedFile.Advice) {
    guard let file = owner as? MappedFile else { return }
    let start = unsafe base - UnsafeRawPointer(file.base)
    file.advise(advice, start..<start + count)
  }
}
