internal import ThimbleSystem

/// Reads pickles without executing anything: instructions and names are on a list, or refused.
///
/// The bytes are a parameter of every method because a span cannot be stored.
struct Unpickler {
  // An original XLM checkpoint with 200,000 words takes 20 MB and 1.2 million items.
  static let maximumByteCount = 64 << 20
  private static let maximumItemCount = 1 << 22
  private static let maximumContainerCount = 1 << 20
  private static let longestGlobal = 256

  private(set) var position = 0
  /// The start of the instruction that is being carried out.
  private var start = 0
  var heap = PickleHeap()
  var rootIndices: [UInt64: Int] = [:]
  var stack = PickleStack()

  /// Reads the pickle at the start of `bytes`, which other bytes may follow.
  static func read(_ bytes: ByteView) throws(PickleError) -> Pickle {
    var unpickler = Unpickler()
    do throws(PickleFault) {
      let root = try bytes.withSpan { span throws(PickleFault) in try unpickler.run(span) }
      return Pickle(
        bytes: bytes[0..<unpickler.position], heap: unpickler.heap, root: root)
    } catch {
      throw PickleError(fault: error, offset: unpickler.start)
    }
  }

  private mutating func run(_ bytes: Span<UInt8>) throws(PickleFault) -> PickleValue {
    while true {
      start = position
      let byte = try takeByte(bytes)
      guard let opcode = PickleOpcode(rawValue: byte) else { throw .opcode(byte) }
      if opcode == .stop { return try stack.last() }
      try perform(opcode, bytes)
    }
  }

  private mutating func perform(
    _ opcode: PickleOpcode, _ bytes: Span<UInt8>
  ) throws(PickleFault) {
    switch opcode {
    case .proto:
      let version = try takeByte(bytes)
      guard (2...5).contains(version) else { throw .protocolVersion(version) }
    case .frame:
      let length = try takeInteger(bytes, size: 8)
      guard length <= UInt64(bytes.count - position) else { throw .truncated }
    case .global, .stackGlobal: try performGlobal(opcode, bytes)
    case .mark: try stack.mark()
    case .pop: _ = try stack.pop()
    case .popMark: _ = try stack.popToMark()
    case .emptyTuple: try pushTuple([])
    case .tuple1: try pushTuple(try stack.pop(1))
    case .tuple2: try pushTuple(try stack.pop(2))
    case .tuple3: try pushTuple(try stack.pop(3))
    case .tuple: try pushTuple(try stack.popToMark())
    case .emptyList:
      heap.lists.append([])
      try pushContainer(.list(UInt32(heap.lists.count - 1)))
    case .append: try append(try stack.pop(1))
    case .appends: try append(try stack.popToMark())
    case .emptyDictionary: try pushDictionary(isOrdered: false)
    case .setItem: try setItems(try stack.pop(2))
    case .setItems: try setItems(try stack.popToMark())
    case .none: try stack.push(.none)
    case .newTrue: try stack.push(.bool(true))
    case .newFalse: try stack.push(.bool(false))
    case .integer8: try stack.push(.integer(Int32(try takeByte(bytes))))
    case .integer16: try stack.push(.integer(Int32(try takeInteger(bytes, size: 2))))
    case .integer32:
      try stack.push(.integer(Int32(truncatingIfNeeded: try takeInteger(bytes, size: 4))))
    case .long1: try pushLong(byteCount: try takeByte(bytes), bytes)
    case .long4: try pushLong(byteCount: try takeInteger(bytes, size: 4), bytes)
    case .float: try pushFloat(bytes)
    case .unicode8, .unicode32, .unicode64, .string8, .string32, .bytes8, .bytes32:
      try pushText(opcode, bytes)
    case .put8: try memoize(UInt32(try takeByte(bytes)))
    case .put32: try memoize(UInt32(try takeInteger(bytes, size: 4)))
    case .memoize: try stack.memoize()
    case .get8: try stack.pushMemo(UInt32(try takeByte(bytes)))
    case .get32: try stack.pushMemo(UInt32(try takeInteger(bytes, size: 4)))
    case .persistentID: try stack.push(try storage(try stack.pop(), bytes))
    case .reduce:
      let values = try stack.pop(2)
      try reduce(values[values.startIndex], values[values.startIndex + 1])
    case .build:
      _ = try stack.pop()
      try checkBuildTarget()
    case .stop: break
    }
  }

  private mutating func advance(_ count: Int, _ bytes: Span<UInt8>) throws(PickleFault) {
    guard count <= bytes.count - position else { throw .truncated }
    guard count <= Self.maximumByteCount - position else {
      throw .limit("bytes", Self.maximumByteCount)
    }
    position += count
  }

  private mutating func takeByte(_ bytes: Span<UInt8>) throws(PickleFault) -> UInt8 {
    try advance(1, bytes)
    return bytes[position - 1]
  }

  /// Little-endian; `size` is at most 8.
  private mutating func takeInteger(
    _ bytes: Span<UInt8>, size: Int
  ) throws(PickleFault) -> UInt64 {
    try advance(size, bytes)
    var value: UInt64 = 0
    for index in (position - size..<position).reversed() {
      value = value << 8 | UInt64(bytes[index])
    }
    return value
  }

  private mutating func pushText(
    _ opcode: PickleOpcode, _ bytes: Span<UInt8>
  ) throws(PickleFault) {
    let at = UInt32(start)
    guard let size = opcode.lengthSize else { return }
    guard let length = Int(exactly: try takeInteger(bytes, size: size)) else { throw .truncated }
    try advance(length, bytes)
    try stack.push(opcode == .bytes8 || opcode == .bytes32 ? .bytes : .string(at))
  }

  private mutating func pushLong(
    byteCount: some BinaryInteger, _ bytes: Span<UInt8>
  ) throws(PickleFault) {
    let count = Int(byteCount)
    guard count <= 16 else { throw .integerSize(count) }
    try advance(count, bytes)
    let isNegative = count > 0 && bytes[position - 1] >= 0x80
    var value: Int64 = isNegative ? -1 : 0
    for index in (position - count..<position).reversed() {
      // What leaves at the top must be sign, and the rest must keep its sign.
      guard value >> 55 == (isNegative ? -1 : 0) else { return try stack.push(.hugeInteger) }
      value = value << 8 | Int64(bytes[index])
    }
    if let small = Int32(exactly: value) { return try stack.push(.integer(small)) }
    try checkItemCount(adding: 1)
    heap.integers.append(value)
    try stack.push(.wideInteger(UInt32(heap.integers.count - 1)))
  }

  private mutating func pushFloat(_ bytes: Span<UInt8>) throws(PickleFault) {
    let bits = try takeInteger(bytes, size: 8).byteSwapped
    try checkItemCount(adding: 1)
    heap.doubles.append(Double(bitPattern: bits))
    try stack.push(.double(UInt32(heap.doubles.count - 1)))
  }

  private mutating func performGlobal(
    _ opcode: PickleOpcode, _ bytes: Span<UInt8>
  ) throws(PickleFault) {
    var name: [UInt8] = []
    if opcode == .global {
      for separator in [UInt8(ascii: " "), nil] {
        while case let byte = try takeByte(bytes), byte != UInt8(ascii: "\n") {
          guard name.count < Self.longestGlobal else { throw .global(Self.printable(name)) }
          name.append(byte)
        }
        if let separator { name.append(separator) }
      }
    } else {
      for part in try stack.pop(2) {
        guard case .string(let offset) = part else {
          throw .target("STACK_GLOBAL", found: part.kind)
        }
        let range = PickleText.range(at: Int(offset), bytes)
        guard range.count < Self.longestGlobal else { throw .limit("bytes in a name", 256) }
        if !name.isEmpty { name.append(UInt8(ascii: " ")) }
        for index in range { name.append(bytes[index]) }
      }
    }
    // The allowed names are ASCII, so nothing can be equivalent to one without being it.
    let text = Self.printable(name)
    guard name.allSatisfy({ $0 < 0x80 }), let global = PickleGlobal(text) else {
      throw .global(text)
    }
    try stack.push(.global(global))
  }

  /// The bytes as text that a terminal may show.
  private static func printable(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes {
      text.unicodeScalars.append((0x20..<0x7F).contains(byte) ? Unicode.Scalar(byte) : "?")
    }
    return text
  }

  private mutating func checkItemCount(adding count: Int) throws(PickleFault) {
    heap.itemCount += count
    // Honest writers take more bytes than there are items; a hostile one uses a long list again and again.
    let limit = min(2 * position, Self.maximumItemCount)
    guard heap.itemCount <= limit else { throw .limit("values for its size", limit) }
  }

  /// Writers count the values that they keep, each of which takes more than a byte.
  private mutating func memoize(_ index: UInt32) throws(PickleFault) {
    guard index < max(position, 256) else { throw .limit("memos for its size", position) }
    try stack.memoize(index)
  }

  private mutating func pushContainer(_ value: PickleValue) throws(PickleFault) {
    guard heap.containerCount <= Self.maximumContainerCount else {
      throw .limit("tuples, lists and dictionaries", Self.maximumContainerCount)
    }
    try stack.push(value)
  }

  private mutating func pushTuple(_ items: [PickleValue]) throws(PickleFault) {
    try checkItemCount(adding: items.count)
    let first = UInt32(heap.tupleItems.count)
    heap.tupleItems += items
    heap.tuples.append(first..<UInt32(heap.tupleItems.count))
    try pushContainer(.tuple(UInt32(heap.tuples.count - 1)))
  }

  mutating func pushDictionary(isOrdered: Bool) throws(PickleFault) {
    heap.dictionaries.append(PickleDictionary(isOrdered: isOrdered))
    try pushContainer(.dictionary(UInt32(heap.dictionaries.count - 1)))
  }

  private mutating func append(_ items: [PickleValue]) throws(PickleFault) {
    let target = try stack.top()
    guard case .list(let index) = target else { throw .target("APPEND", found: target.kind) }
    try checkItemCount(adding: items.count)
    heap.lists[Int(index)] += items
  }

  mutating func setItems(_ items: [PickleValue]) throws(PickleFault) {
    let target = try stack.top()
    guard case .dictionary(let index) = target else {
      throw .target("SETITEM", found: target.kind)
    }
    guard items.count % 2 == 0 else { throw .stackUnderflow }
    for key in stride(from: 0, to: items.count, by: 2) where !items[key].isHashable {
      throw .key(items[key].kind)
    }
    try checkItemCount(adding: items.count)
    heap.dictionaries[Int(index)].items += items
  }

  private func checkBuildTarget() throws(PickleFault) {
    switch try stack.top() {
    // The state of an ordered dictionary is the versions of its modules.
    case .dictionary(let index) where heap.dictionaries[Int(index)].isOrdered: break
    case .inert: break
    case let other: throw .target("BUILD", found: other.kind)
    }
  }
}
