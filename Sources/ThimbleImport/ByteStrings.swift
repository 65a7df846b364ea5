/// Many short byte strings in one block of memory, four bytes each beyond their own.
public struct ByteStrings: Sendable {
  private var pool: [UInt8] = []
  private var ends: [UInt32] = []

  public init() {}

  public var count: Int { ends.count }

  /// The bytes of string `index`. Copies nothing.
  public subscript(index: Int) -> ArraySlice<UInt8> {
    pool[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
  }

  /// Appends a string. All together must stay below 4 GiB.
  public mutating func append(_ string: some Sequence<UInt8>) {
    pool.append(contentsOf: string)
    ends.append(UInt32(pool.count))
  }
}

/// Finds strings that occur twice among strings that are kept elsewhere: a hash table of numbers.
struct DuplicateFinder {
  /// Number + 1 of the string, 0 where free. Linear probing, at most half full.
  private var slots: [UInt32]

  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    slots = Array(repeating: 0, count: size)
  }

  /// Enters string `number`, unless one that equals it is there.
  ///
  /// - Returns: the number of that one.
  mutating func insert(
    _ number: Int, hash: Int, isEqual: (_ other: Int) -> Bool
  ) -> Int? {
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 {
      let other = Int(slots[slot]) - 1
      if isEqual(other) { return other }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = UInt32(number + 1)
    return nil
  }

  /// A hash that nobody can predict, so that no file can be made to collide.
  static func hash(_ bytes: ArraySlice<UInt8>) -> Int {
    var hasher = Hasher()
    var word: UInt64 = 0
    var filled = 0
    for byte in bytes {
      word = word << 8 | UInt64(byte)
      filled += 1
      if filled % 8 == 0 { hasher.combine(word) }
    }
    hasher.combine(word)
    hasher.combine(filled)
    return hasher.finalize()
  }
}
