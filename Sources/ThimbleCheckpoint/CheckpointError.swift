public import ThimbleSystem

/// Why a checkpoint cannot be read. Every case names the file.
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
  case system(SystemError)
  /// The file is something else than a checkpoint, or a kind that is not read.
  case foreign(path: String, ForeignFile)
  /// A directory without a checkpoint in it.
  case noWeights(directory: String, NearlyWeights)
  /// A directory in which several files could be meant.
  case severalWeights(directory: String, [String])
  /// A folder of the Hugging Face cache with several versions of a model, of which none is the current one.
  case snapshots(directory: String, [String])
  case safetensors(path: String, SafetensorsFault)
  case zip(path: String, ZipFault)
  /// `offset` counts from the start of the pickle, which is at byte `start` of the file.
  case pickle(path: String, start: Int, PickleError)
  case torch(path: String, TorchFault)
  case shards(path: String, ShardFault)

  public var description: String {
    switch self {
    case .system(let error): error.description
    case .foreign(let path, let kind): "\(path): \(kind)"
    case .noWeights(let directory, let found):
      "\(directory): no checkpoint in this folder. Expected model.safetensors, pytorch_model.bin, an index of either, or one "
        + ".pth file.\(found.description)"
    case .severalWeights(let directory, let names):
      "\(directory): several files have weights: \(names.printable()). Name the file."
    case .snapshots(let directory, let names):
      names.isEmpty
        ? "\(directory): the cache has no version of this model. Download it again."
        : "\(directory): several versions of the model: \(names.printable()). Name the folder of one."
    case .safetensors(let path, let fault): "\(path): \(fault)"
    case .zip(let path, let fault): "\(path): \(fault)"
    case .pickle(let path, let start, let error):
      "\(path), byte \(start + error.offset): \(error.fault)"
    case .torch(let path, let fault): "\(path): \(fault)"
    case .shards(let path, let fault): "\(path): \(fault)"
    }
  }
}

/// What a file is that is no checkpoint.
public enum ForeignFile: Sendable, Equatable, CustomStringConvertible {
  case empty, gitLFSPointer, html, hdf5, tar, gzip, torchScript, otherZip, unknown

  public var description: String {
    switch self {
    case .empty:
      "the file is empty. Download it again."
    case .gitLFSPointer:
      "a Git LFS pointer, not the file itself. Fetch it with \"git lfs pull\"."
    case .html:
      "a web page, not the file itself. Was an error or a login page saved? Download the file again."
    case .hdf5:
      "an HDF5 file (TensorFlow weights). Use the PyTorch or safetensors file of the model."
    case .tar:
      "a tar archive (PyTorch before 0.1.10, or packed files). Unpack it, or save the checkpoint "
        + "again with a newer PyTorch."
    case .gzip:
      "gzip-compressed. Unpack it first."
    case .torchScript:
      "a TorchScript program, not a checkpoint. Save the state_dict of the model instead."
    case .otherZip:
      "a zip archive that PyTorch did not write: it has no data.pkl."
    case .unknown:
      "not a checkpoint: neither safetensors nor PyTorch. The first bytes fit no known format."
    }
  }
}

/// What is wrong with a PyTorch checkpoint beyond its pickle and its zip directory.
public enum TorchFault: Error, Equatable, CustomStringConvertible {
  case bigEndian
  case protocolVersion(found: String)
  case noDictionary
  /// The file ends before the numbers of a storage do.
  case truncated(storage: UInt64, needed: UInt64, available: UInt64)
  case missingStorage(UInt64)
  case duplicateStorage(UInt64)
  case unusedStorage(UInt64)
  case storageList
  /// A storage has another size than the pickle says: in elements (legacy) or bytes (zip).
  case storageSize(storage: UInt64, found: UInt64, wanted: UInt64)
  case trailingBytes(count: Int)
  case nameNotUTF8
  case duplicateTensor(String)
  case notContiguous(name: String, shape: [Int], strides: [Int])

  public var description: String {
    switch self {
    case .bigEndian:
      "written on a big-endian machine. Save it again on a little-endian one."
    case .protocolVersion(let found):
      "protocol version \(found); only 1001 is known."
    case .noDictionary:
      "holds no dictionary of tensors. Save the state_dict of the model."
    case .truncated(let storage, let needed, let available):
      "truncated: storage \(storage) needs \(needed) bytes, \(available) are left. "
        + "Download the file again."
    case .missingStorage(let storage):
      "storage \(storage) is missing."
    case .duplicateStorage(let storage):
      "storage \(storage) occurs twice."
    case .unusedStorage(let storage):
      "storage \(storage) belongs to no tensor."
    case .storageList:
      "the list of storages is not a list of distinct numbers."
    case .storageSize(let storage, let found, let wanted):
      "storage \(storage) has the size \(found), but its tensors were made for \(wanted)."
    case .trailingBytes(let count):
      "\(count) bytes follow the end of the checkpoint."
    case .nameNotUTF8:
      "the name of a tensor is not UTF-8."
    case .duplicateTensor(let name):
      "two tensors are called \"\(name)\"."
    case .notContiguous(let name, let shape, let strides):
      "tensor \"\(name)\" of shape \(shape) is a view with strides \(strides). "
        + "Save it again after calling contiguous()."
    }
  }
}

/// What is wrong with the index of a checkpoint in several files.
public enum ShardFault: Error, Equatable, CustomStringConvertible {
  case index(reason: String)
  /// A file name that could lead out of the directory.
  case fileName(String)
  case missingTensor(name: String, file: String)
  case duplicateTensor(name: String, files: [String])
  case tooMany(count: Int, limit: Int)
  case nested(file: String)

  public var description: String {
    switch self {
    case .index(let reason): "not an index of a checkpoint: \(reason)"
    case .fileName(let name): "\"\(name)\" is not the plain name of a file in the same directory."
    case .missingTensor(let name, let file):
      "the index says that \"\(name)\" is in \(file), but it is not."
    case .duplicateTensor(let name, let files):
      "tensor \"\(name)\" is in \(files.joined(separator: " and in "))."
    case .tooMany(let count, let limit): "\(count) files; at most \(limit) are read."
    case .nested(let file): "\(file) is an index itself."
    }
  }
}
