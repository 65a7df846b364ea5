/// A read-only range of bytes that somebody else owns: of a mapped file, or of memory of our own.
///
/// All untrusted bytes are read through this type. Every access is checked against the range, no
/// alignment is needed, and the owner stays alive as long as the view does.
@safe
public struct ByteView: @unchecked Sendable {
  // Unchecked, because the bytes behind it never change: a mapping is read-only, an array is a copy.
  let owner: AnyObject
  package let base: UnsafeRawPointer
  public let count: Int

  /// The caller vouches that `owner` keeps `count` bytes at `base` alive and unchanged.
  @unsafe
  init(owner: AnyObject, base: UnsafeRawPointer, count: Int) {
    self.owner = owner
    unsafe self.base = base
    self.count = count
  }

  /// A copy of `bytes` on the heap.
  public init(_ bytes: [UInt8]) throws(SystemError) {
    let array = try AlignedArray<UInt8>(count: bytes.count)
    for (index, byte) in bytes.enumerated() { array[index] = byte }
    unsafe self.init(owner: array, base: UnsafeRawPointer(array.base), count: bytes.count)
  }

  /// The bytes of `array`, which must not change any more.
  public init(_ array: AlignedArray<UInt8>) {
    unsafe self.init(owner: array, base: UnsafeRawPointer(array.base), count: array.count)
  }

  public var isEmpty: Bool { count == 0 }

  /// The byte at `index`, which must be in `0..<count`.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "byte \(index) of \(count)")
    return unsafe base.load(fromByteOffset: index, as: UInt8.self)
  }

  /// The part `range`, which must lie in `0..<count`. Copies nothing.
  public subscript(range: Range<Int>) -> ByteView {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count, "bytes \(range) of \(count)")
    return unsafe ByteView(owner: owner, base: base + range.lowerBound, count: range.count)
  }

  /// The part `range`, or nil if it does not lie in `0..<count`. For ranges that a file claims.
  public func part(offset: UInt64, count partCount: UInt64) -> ByteView? {
    guard offset <= UInt64(count), partCount <= UInt64(count) - offset else { return nil }
    return self[Int(offset)..<Int(offset + partCount)]
  }

  /// The little-endian integer at byte `offset`; `offset + size of T` must not pass the end.
  @inline(__always)
  public func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
    precondition(
      offset >= 0 && offset <= count - MemoryLayout<T>.size, "integer at byte \(offset) of \(count)"
    )
    return unsafe T(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// Lends the bytes as a span.
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = unsafe UnsafeRawBufferPointer(start: base, count: count)
    return try body(unsafe Span(_unsafeBytes: buffer))
  }

  /// The bytes as UTF-8 text, or nil if they are not.
  public func utf8String() -> String? {
    withSpan { span in
      do { return String(copying: try UTF8Span(validating: span)) } catch { return nil }
    }
  }

  /// A copy of the bytes.
  public func bytes() -> [UInt8] {
    unsafe Array(UnsafeRawBufferPointer(start: base, count: count))
  }

  public func elementsEqual(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    return withSpan { a in
      other.withSpan { b in
        for index in 0..<count where a[index] != b[index] { return false }
        return true
      }
    }
  }

  /// Copies all bytes into `array`, beginning at its element `offset`.
  public func copy(into array: AlignedArray<UInt8>, at offset: Int) {
    unsafe array.pointer(at: offset, needing: count)
      .update(from: base.assumingMemoryBound(to: UInt8.self), count: count)
  }
}
