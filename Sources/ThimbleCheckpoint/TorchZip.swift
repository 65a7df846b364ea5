internal import ThimbleSystem

/// Reads what `torch.save` has written since version 1.6: a zip archive of a pickle and storages.
enum TorchZipReader {
  static func read(_ file: ByteView, path: String) throws(CheckpointError) -> PickledValue {
    let archive: ZipArchive
    do { archive = try ZipArchive(file) } catch { throw .zip(path: path, error) }
    // Everything lies in one folder, whatever its name.
    let folder = archive.names.first.map { $0.prefix { $0 != UInt8(ascii: "/") } } ?? []
    func member(_ name: String) -> ByteView? { archive[Array(folder) + Array("/\(name)".utf8)] }
    func hasFolder(_ name: String) -> Bool {
      archive.names.contains { $0.starts(with: Array(folder) + Array("/\(name)/".utf8)) }
    }
    guard archive.names.allSatisfy({ $0.starts(with: Array(folder) + [UInt8(ascii: "/")]) }),
      let data = member("data.pkl")
    else { throw .foreign(path: path, .otherZip) }
    if hasFolder("code") || member("constants.pkl") != nil {
      throw .foreign(path: path, .torchScript)
    }
    if let order = member("byteorder"), order.bytes() != Array("little".utf8) {
      throw .torch(path: path, .bigEndian)
    }
    let pickle = try unpickle(data, in: file, path: path)
    var storages: [ByteView] = []
    for root in pickle.heap.roots {
      guard let bytes = member("data/\(root.key)") else {
        throw .torch(path: path, .missingStorage(root.key))
      }
      guard bytes.count == root.byteCount else {
        throw .torch(
          path: path,
          .storageSize(
            storage: root.key, found: UInt64(bytes.count), wanted: UInt64(root.byteCount)))
      }
      storages.append(bytes)
    }
    let objects = TorchObjects(path: path, pickle: pickle, storages: storages)
    return PickledValue(objects, pickle.root)
  }

  private static func unpickle(
    _ data: ByteView, in file: ByteView, path: String
  ) throws(CheckpointError) -> Pickle {
    let start = data.offset(in: file)
    do throws(PickleError) {
      let pickle = try Unpickler.read(data)
      guard pickle.bytes.count == data.count else {
        throw PickleError(
          fault: .trailingBytes(data.count - pickle.bytes.count), offset: pickle.bytes.count)
      }
      return pickle
    } catch {
      throw .pickle(path: path, start: start, error)
    }
  }
}
