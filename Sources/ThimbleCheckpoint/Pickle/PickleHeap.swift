/// A value of a pickle in eight bytes; what is larger lies in the heap, or still in the pickle.
///
/// An original checkpoint has its dictionary of 200,000 words in the pickle, three times over: this
/// keeps it small, without a heap block a word.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int32)
  /// The index of an `Int64` in the heap.
  case wideInteger(UInt32)
  /// Beyond `Int64`.
  case hugeInteger
  /// The index of a `Double` in the heap.
  case double(UInt32)
  /// The offset of the instruction in the pickle that holds the text.
  case string(UInt32)
  case bytes
  case global(PickleGlobal)
  case tuple(UInt32)
  case list(UInt32)
  case dictionary(UInt32)
  case storage(UInt32)
  case tensor(UInt32)
  /// What NumPy would make; nobody reads it.
  case inert

  /// The kind of value, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .integer, .wideInteger, .hugeInteger: "an integer"
    case .double: "a float"
    case .string: "a string"
    case .bytes: "bytes"
    case .global: "a global"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .inert: "a NumPy object"
    }
  }

  /// Whether Python could use it as the key of a dictionary.
  var isHashable: Bool {
    switch self {
    case .list, .dictionary, .storage, .tensor, .inert, .global: false
    default: true
    }
  }
}

/// Everything that a pickle made, apart from the texts, which stay in it.
struct PickleHeap: Sendable {
  var integers: [Int64] = []
  var doubles: [Double] = []
  /// The elements of all tuples, each a range of them: a tuple never changes.
  var tupleItems: [PickleValue] = []
  var tuples: [Range<UInt32>] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [PickleDictionary] = []
  var roots: [StorageRoot] = []
  var storages: [StorageWindow] = []
  var tensors: [PickledTensor] = []
  /// Elements of tuples, lists and dictionaries together.
  var itemCount = 0

  var containerCount: Int { tuples.count + lists.count + dictionaries.count }

  func items(ofTuple index: UInt32) -> ArraySlice<PickleValue> {
    let range = tuples[Int(index)]
    return tupleItems[Int(range.lowerBound)..<Int(range.upperBound)]
  }

  /// The items of a tuple that should be short: nine of them at most, and nothing takes nine. The
  /// tuple of a hostile pickle is long, and used again and again.
  func arguments(_ tuple: UInt32) -> [PickleValue] { Array(items(ofTuple: tuple).prefix(9)) }

  func integer(_ value: PickleValue) -> Int64? {
    switch value {
    case .integer(let integer): Int64(integer)
    case .wideInteger(let index): integers[Int(index)]
    default: nil
    }
  }
}

struct PickleDictionary: Sendable {
  let isOrdered: Bool
  /// A key and its value in turn. A key that is set again follows, and wins.
  var items: [PickleValue] = []
}

/// A block of numbers in the file, which tensors look at.
struct StorageRoot: Sendable {
  let key: UInt64
  /// nil: untyped, measured in bytes.
  let elementType: ElementType?
  let elementCount: Int
  /// Cannot overflow: checked when the root was made.
  var byteCount: Int { elementCount * (elementType?.bitCount ?? 8) / 8 }
}

/// A part of a root, in elements of it. Only very old files have parts that are not the whole.
struct StorageWindow: Sendable {
  let root: Int
  let offset: Int
  let elementCount: Int
}

struct PickledTensor: Sendable {
  let root: Int
  let elementType: ElementType
  let layout: TensorLayout
}
