// Storages and tensors: the only things that a pickle can make here.
extension Unpickler {
  private static let maximumTensorCount = 1 << 17

  /// The storage that a persistent id stands for:
  /// `('storage', type, key, location, element count[, view])`.
  mutating func storage(
    _ id: PickleValue, _ bytes: Span<UInt8>
  ) throws(PickleFault) -> PickleValue {
    guard case .tuple(let index) = id else { throw .persistentID(reason: "it is \(id.kind)") }
    let items = heap.arguments(index)
    guard let first = items.first, let kind = text(first, bytes) else {
      throw .persistentID(reason: "it does not begin with a string")
    }
    guard kind != "module" else {
      throw .persistentID(reason: "it is a whole module with its code. Save its state_dict instead")
    }
    guard kind == "storage", items.count == 5 || items.count == 6 else {
      throw .persistentID(reason: "it is not a storage")
    }
    guard let keyText = text(items[2], bytes), let key = Self.key(keyText) else {
      throw .persistentID(reason: "its key is not a number")
    }
    guard case .string = items[3] else { throw .persistentID(reason: "it has no location") }
    let root = try root(key, type: items[1], count: items[4])
    let window = try window(root, view: items.count == 6 ? items[5] : .none)
    guard heap.storages.count < Self.maximumTensorCount else {
      throw .limit("storages", Self.maximumTensorCount)
    }
    heap.storages.append(window)
    return .storage(UInt32(heap.storages.count - 1))
  }

  /// A short string of the pickle, or nil.
  private func text(_ value: PickleValue, _ bytes: Span<UInt8>) -> String? {
    guard case .string(let offset) = value else { return nil }
    let range = PickleText.range(at: Int(offset), bytes)
    guard range.count <= 64 else { return nil }
    var text = ""
    for index in range {
      guard bytes[index] < 0x80 else { return nil }
      text.unicodeScalars.append(Unicode.Scalar(bytes[index]))
    }
    return text
  }

  /// The number that a storage key spells in decimal digits, in the one way there is.
  static func key(_ text: String) -> UInt64? {
    guard let key = UInt64(text), "\(key)" == text else { return nil }
    return key
  }

  private mutating func root(
    _ key: UInt64, type: PickleValue, count: PickleValue
  ) throws(PickleFault) -> Int {
    let elementType: ElementType?
    switch type {
    case .global(.storage(let type)): elementType = type
    case .global(.untypedStorage): elementType = nil
    default: throw .persistentID(reason: "its type is \(type.kind)")
    }
    guard let wide = heap.integer(count), let count = Int(exactly: wide), count >= 0,
      !count.multipliedReportingOverflow(by: 64).overflow
    else { throw .persistentID(reason: "its size makes no sense") }
    if let index = rootIndices[key] {
      let root = heap.roots[index]
      guard root.elementType == elementType, root.elementCount == count else {
        throw .persistentID(reason: "storage \(key) occurs with two types or sizes")
      }
      return index
    }
    rootIndices[key] = heap.roots.count
    heap.roots.append(StorageRoot(key: key, elementType: elementType, elementCount: count))
    return heap.roots.count - 1
  }

  /// - Parameter view: None, or `(key, offset, element count)`.
  private func window(_ root: Int, view: PickleValue) throws(PickleFault) -> StorageWindow {
    let available = heap.roots[root].elementCount
    if case .none = view { return StorageWindow(root: root, offset: 0, elementCount: available) }
    guard case .tuple(let index) = view, case let items = heap.arguments(index),
      items.count == 3, let offset = heap.integer(items[1]), let count = heap.integer(items[2]),
      offset >= 0, count >= 0, offset <= available, count <= available - Int(offset)
    else { throw .persistentID(reason: "its view reaches out of the storage") }
    return StorageWindow(root: root, offset: Int(offset), elementCount: Int(count))
  }

  /// `_rebuild_tensor(storage, offset, size, stride)`, and its successors with more arguments.
  mutating func tensor(
    _ function: PickleGlobal, _ arguments: [PickleValue]
  ) throws(PickleFault) -> PickleValue {
    let name: String
    let counts: ClosedRange<Int>
    switch function {
    case .rebuildTensor: (name, counts) = ("_rebuild_tensor", 4...4)
    case .rebuildTensor2: (name, counts) = ("_rebuild_tensor_v2", 6...7)
    default: (name, counts) = ("_rebuild_tensor_v3", 7...8)
    }
    guard counts.contains(arguments.count), case .storage(let index) = arguments[0],
      let wideOffset = heap.integer(arguments[1]), let offset = Int(exactly: wideOffset),
      let shape = integers(arguments[2]), let strides = integers(arguments[3])
    else { throw .arguments(of: name) }
    let window = heap.storages[Int(index)]
    var elementType = heap.roots[window.root].elementType
    var available = window.elementCount
    if case .rebuildTensor3 = function {
      guard elementType == nil, window.offset == 0,
        case .global(.elementType(let type)) = arguments[6]
      else { throw .arguments(of: name) }
      elementType = type
      available /= type.bitCount / 8
    }
    guard let elementType else { throw .arguments(of: name) }
    guard
      let layout = TensorLayout(
        offset: offset, shape: shape, strides: strides, storageCount: available)
    else {
      throw .tensor(shape: shape, strides: strides, offset: offset, storageCount: available)
    }
    guard heap.tensors.count < Self.maximumTensorCount else {
      throw .limit("tensors", Self.maximumTensorCount)
    }
    heap.tensors.append(
      PickledTensor(
        root: window.root, elementType: elementType, layout: layout.moved(by: window.offset)))
    return .tensor(UInt32(heap.tensors.count - 1))
  }

  /// The sizes in a tuple, or nil if it has too many or something else.
  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let index) = value else { return nil }
    let items = heap.items(ofTuple: index)
    guard items.count <= TensorLayout.maximumRank else { return nil }
    let sizes = items.compactMap { heap.integer($0).flatMap { Int(exactly: $0) } }
    return sizes.count == items.count ? sizes : nil
  }
}
