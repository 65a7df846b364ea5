public import ThimbleSystem

/// A pickle that was read: its bytes, which hold the texts, and what it made.
struct Pickle: Sendable {
  let bytes: ByteView
  let heap: PickleHeap
  let root: PickleValue
}

/// Where the text of a string instruction lies.
enum PickleText {
  /// The bytes of the text of the instruction at `offset`, which the unpickler has checked.
  static func range(at offset: Int, _ bytes: Span<UInt8>) -> Range<Int> {
    let size = PickleOpcode(rawValue: bytes[offset])?.lengthSize ?? 0
    var length = 0
    for index in (offset + 1..<offset + 1 + size).reversed() {
      length = length << 8 | Int(bytes[index])
    }
    let start = offset + 1 + size
    return start..<start + length
  }
}

/// The pickle of a torch file together with the numbers that its tensors look at.
final class TorchObjects: Sendable {
  let path: String
  let pickle: Pickle
  /// The bytes of each storage root.
  let storages: [ByteView]

  init(path: String, pickle: Pickle, storages: [ByteView]) {
    self.path = path
    self.pickle = pickle
    self.storages = storages
  }
}

/// A value in a pickled checkpoint beside its tensors: a setting, a dictionary of words.
public struct PickledValue: Sendable {
  private let objects: TorchObjects
  private let value: PickleValue

  init(_ objects: TorchObjects, _ value: PickleValue) {
    self.objects = objects
    self.value = value
  }

  private var heap: PickleHeap { objects.pickle.heap }

  public var isNone: Bool { if case .none = value { true } else { false } }
  public var isTensor: Bool { if case .tensor = value { true } else { false } }
  public var bool: Bool? { if case .bool(let bool) = value { bool } else { nil } }
  public var integer: Int64? { heap.integer(value) }
  public var double: Double? {
    if case .double(let index) = value { heap.doubles[Int(index)] } else { nil }
  }

  /// The bytes of a string: UTF-8, if the writer was honest.
  public var text: ByteView? {
    guard case .string(let offset) = value else { return nil }
    let bytes = objects.pickle.bytes
    return bytes[bytes.withSpan { PickleText.range(at: Int(offset), $0) }]
  }

  public var string: String? { text?.utf8String() }

  /// The elements of a list or tuple.
  public var elements: [PickledValue]? {
    switch value {
    case .list(let index): heap.lists[Int(index)].map { PickledValue(objects, $0) }
    case .tuple(let index): heap.items(ofTuple: index).map { PickledValue(objects, $0) }
    default: nil
    }
  }

  private var items: [PickleValue]? {
    if case .dictionary(let index) = value { heap.dictionaries[Int(index)].items } else { nil }
  }

  public var isDictionary: Bool { items != nil }

  /// How many entries a dictionary has; those that are overridden count.
  public var entryCount: Int { (items?.count ?? 0) / 2 }

  /// The entries of a dictionary, in order. One with a key that occurs again later is overridden.
  public var entries: some Sequence<(key: PickledValue, value: PickledValue)> {
    let items = items ?? []
    return stride(from: 0, to: items.count, by: 2).lazy.map { index in
      (PickledValue(objects, items[index]), PickledValue(objects, items[index + 1]))
    }
  }

  /// The value of `key` in a dictionary.
  public subscript(key: String) -> PickledValue? {
    let bytes = Array(key.utf8)
    return entries.reversed().first { $0.key.text?.bytes() == bytes }?.value
  }

  /// The tensors that are values of a dictionary, under their keys. Everything else is skipped.
  public func tensors() throws(CheckpointError) -> [CheckpointTensor] {
    do throws(TorchFault) {
      var names: Set<[UInt8]> = []
      var tensors: [CheckpointTensor] = []
      for (key, value) in entries {
        guard case .tensor(let index) = value.value, let text = key.text else { continue }
        guard let name = text.utf8String() else { throw .nameNotUTF8 }
        guard names.insert(text.bytes()).inserted else { throw .duplicateTensor(name) }
        tensors.append(try tensor(heap.tensors[Int(index)], name: name))
      }
      return tensors
    } catch {
      throw .torch(path: objects.path, error)
    }
  }

  private func tensor(
    _ tensor: PickledTensor, name: String
  ) throws(TorchFault) -> CheckpointTensor {
    let layout = tensor.layout
    guard layout.isContiguous else {
      throw .notContiguous(name: name, shape: layout.shape, strides: layout.strides)
    }
    let size = tensor.elementType.bitCount / 8
    let start = layout.offset * size
    let bytes = objects.storages[tensor.root][start..<start + layout.count * size]
    return CheckpointTensor(
      name: name, elementType: tensor.elementType, shape: layout.shape, bytes: bytes)
  }
}
