extension ByteView {
  /// Where this view begins in `whole`, of which it is a part.
  public func offset(in whole: ByteView) -> Int {
    let offset = unsafe base - whole.base
    precondition(offset >= 0 && offset <= whole.count - count, "not a part of the whole")
    return offset
  }
}

extension ByteView {
  /// The file in whose mapping the bytes lie, if they lie in one.
  public var file: MappedFile? { owner as? MappedFile }
}
