/// Untrusted bytes read as little-endian integers, without copying and at any alignment.
///
/// A `ByteView` for tables that are looked up in hot loops: every access is bounds-checked, and
/// the check is all that it costs, in other modules too.
@safe
@frozen
public struct WordView<Word: FixedWidthInteger & BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Unchecked, because the bytes behind a `ByteView` never change.
  @usableFromInline let owner: AnyObject
  @usableFromInline let base: UnsafeRawPointer
  public let count: Int

  /// The whole words in `bytes`; up to a word less one byte remains unseen.
  public init(_ bytes: ByteView) {
    owner = bytes.owner
    unsafe base = bytes.base
    count = bytes.count / MemoryLayout<Word>.size
  }

  /// The word at `index`, which must be in `0..<count`.
  @inlinable
  public subscript(index: Int) -> Word {
    precondition(index >= 0 && index < count, "index out of range")
    return unsafe Word(
      littleEndian: base.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Word>.size, as: Word.self))
  }
}
