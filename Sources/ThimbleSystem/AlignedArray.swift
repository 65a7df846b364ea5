/// A fixed number of values of one type, 64-byte aligned and zero at first.
///
/// Unlike `Array` it never moves, never grows and is shared by reference, so that several compute
/// threads can fill disjoint parts of it at once. Every access is bounds-checked.
///
/// - Note: Not synchronised: two threads may not touch the same element unless both only read.
///   That rule, kept by the operations that split work, is why it may call itself `Sendable`.
@safe
public final class AlignedArray<Element: BitwiseCopyable>: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Element>
  public let count: Int
  /// Whose memory it is; nil: its own.
  private let owner: AlignedArray?

  /// - Throws: `SystemError` if the memory cannot be had.
  public init(count: Int, pages: PageSize = .standard) throws(SystemError) {
    precondition(count >= 0, "count is \(count)")
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow else { throw .outOfMemory(byteCount: .max) }
    // 64 bytes: a cache line, and the widest vector of any kernel.
    let memory =
      switch pages {
      case .standard: try unsafe allocateZeroed(byteCount: byteCount)
      case .huge: try unsafe allocateZeroedInHugePages(byteCount: byteCount)
      }
    unsafe base = memory.bindMemory(to: Element.self, capacity: count)
    self.count = count
    owner = nil
  }

  /// A part of `owner` under a name of its own: the same memory, which is kept as long as either is.
  ///
  /// - Parameter range: begins at a multiple of 64 bytes.
  public init(_ range: Range<Int>, of owner: AlignedArray) {
    owner.check(range)
    precondition(range.lowerBound * MemoryLayout<Element>.stride % 64 == 0, "not aligned")
    unsafe base = owner.base + range.lowerBound
    count = range.count
    self.owner = owner
  }

  deinit {
    if owner == nil { unsafe releaseZeroed(base, byteCount: byteCount) }
  }

  public var byteCount: Int { count * MemoryLayout<Element>.stride }

  @inlinable
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index out of range")
      return unsafe load(index)
    }
    set {
      precondition(index >= 0 && index < count, "index out of range")
      unsafe store(index, newValue)
    }
  }

  @usableFromInline
  @unsafe
  func load(_ index: Int) -> Element { unsafe base[index] }

  @usableFromInline
  @unsafe
  func store(_ index: Int, _ value: Element) { unsafe base[index] = value }

  /// Lends a part for reading.
  public func withSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    check(range)
    let buffer = unsafe UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    return try body(unsafe buffer.span)
  }

  /// Lends a part for writing. No other thread may use that part meanwhile.
  public func withMutableSpan<Result: ~Copyable, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    check(range)
    let buffer = unsafe UnsafeMutableBufferPointer(
      start: base + range.lowerBound, count: range.count)
    var span = unsafe buffer.mutableSpan
    return try body(&span)
  }

  /// The address of element `offset`, after checking that `needed` elements follow it.
  package func pointer(at offset: Int, needing needed: Int) -> UnsafeMutablePointer<Element> {
    precondition(
      offset >= 0 && needed >= 0 && offset <= count && needed <= count - offset,
      "elements \(offset)..<\(offset + needed) of an array of \(count)")
    return unsafe base + offset
  }

  private func check(_ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count,
      "elements \(range) of an array of \(count)")
  }
}
