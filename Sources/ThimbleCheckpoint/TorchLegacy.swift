internal import ThimbleSystem

/// Reads what `torch.save` wrote up to version 1.5: five pickles in a row, then the storages.
enum TorchLegacyReader {
  /// The first pickle behind its protocol: a number that nothing else begins with.
  private static let magic: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  /// Where the pickle behind the magic number begins, or nil if this is no such file.
  static func magicEnd(_ file: ByteView) -> Int? {
    guard file.count >= 2, file[0] == 0x80 else { return nil }
    // Protocol 2 puts the number at byte 2; from 4 on there may be a frame before it.
    for start in [2, 11] where file.count >= start + magic.count {
      if file[start..<start + magic.count].bytes() == magic { return start + magic.count }
    }
    return nil
  }

  static func read(_ file: ByteView, path: String) throws(CheckpointError) -> PickledValue {
    var reader = Reader(file: file, path: path, position: magicEnd(file) ?? 0)
    let version = try reader.unpickle()
    guard version.heap.integer(version.root) == 1001 else {
      throw .torch(path: path, .protocolVersion(found: version.root.kind))
    }
    let system = try reader.unpickle()
    let systemObjects = TorchObjects(path: path, pickle: system, storages: [])
    if PickledValue(systemObjects, system.root)["little_endian"]?.bool == false {
      throw .torch(path: path, .bigEndian)
    }
    let pickle = try reader.unpickle()
    let list = try reader.unpickle()
    do {
      let storages = try reader.storages(of: pickle, listed: list)
      return PickledValue(
        TorchObjects(path: path, pickle: pickle, storages: storages), pickle.root)
    } catch {
      throw .torch(path: path, error)
    }
  }
}

private struct Reader {
  let file: ByteView
  let path: String
  var position: Int

  mutating func unpickle() throws(CheckpointError) -> Pickle {
    do {
      let pickle = try Unpickler.read(file[position..<file.count])
      position += pickle.bytes.count
      return pickle
    } catch {
      throw .pickle(path: path, start: position, error)
    }
  }

  /// The bytes of every storage root of `pickle`, which lie in the order of `list`.
  mutating func storages(of pickle: Pickle, listed list: Pickle) throws(TorchFault) -> [ByteView] {
    let listed = PickledValue(TorchObjects(path: path, pickle: list, storages: []), list.root)
    guard let keys = listed.elements else { throw .storageList }
    var indices: [UInt64: Int] = [:]
    for (index, root) in pickle.heap.roots.enumerated() { indices[root.key] = index }
    var storages: [ByteView?] = Array(repeating: nil, count: pickle.heap.roots.count)
    for element in keys {
      guard let text = element.string, let key = Unpickler.key(text) else { throw .storageList }
      guard let index = indices[key] else { throw .unusedStorage(key) }
      guard storages[index] == nil else { throw .duplicateStorage(key) }
      storages[index] = try storage(pickle.heap.roots[index])
    }
    guard position == file.count else { throw .trailingBytes(count: file.count - position) }
    if let missing = storages.firstIndex(where: { $0 == nil }) {
      throw .missingStorage(pickle.heap.roots[missing].key)
    }
    return storages.compactMap { $0 }
  }

  /// A count of elements in eight bytes, and the elements.
  private mutating func storage(_ root: StorageRoot) throws(TorchFault) -> ByteView {
    let available = file.count - position
    let needed = UInt64(root.byteCount) + 8
    guard available >= 8 else {
      throw .truncated(storage: root.key, needed: needed, available: UInt64(available))
    }
    let count = file.load(at: position, as: UInt64.self)
    guard count == UInt64(root.elementCount) else {
      throw .storageSize(storage: root.key, found: count, wanted: UInt64(root.elementCount))
    }
    guard let bytes = file.part(offset: UInt64(position) + 8, count: UInt64(root.byteCount)) else {
      throw .truncated(storage: root.key, needed: needed, available: UInt64(available))
    }
    position += 8 + bytes.count
    return bytes
  }
}
