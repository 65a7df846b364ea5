/// What a pickle may refer to by name. These are values of ours; no name is ever looked up elsewhere.
enum PickleGlobal: Sendable {
  case orderedDictionary
  /// A tensor as a view of a storage, with 4 arguments.
  case rebuildTensor
  /// With two or three more.
  case rebuildTensor2
  /// The same over an untyped storage, with the type as an argument.
  case rebuildTensor3
  case rebuildParameter
  /// A shape.
  case size
  case storage(ElementType)
  /// A storage that is measured in bytes.
  case untypedStorage
  case elementType(ElementType)
  /// Something of NumPy that makes values nobody reads: whatever it is applied to, it stays inert.
  case inert

  /// - Parameter name: module and name with a space between, as in "collections OrderedDict".
  init?(_ name: String) {
    guard let global = Self.allowed[name] else { return nil }
    self = global
  }

  private static let allowed: [String: PickleGlobal] = [
    "collections OrderedDict": .orderedDictionary,
    "torch._utils _rebuild_tensor": .rebuildTensor,
    "torch._utils _rebuild_tensor_v2": .rebuildTensor2,
    "torch._utils _rebuild_tensor_v3": .rebuildTensor3,
    "torch._utils _rebuild_parameter": .rebuildParameter,
    "torch Size": .size,

    "torch FloatStorage": .storage(.float32),
    "torch HalfStorage": .storage(.float16),
    "torch BFloat16Storage": .storage(.bfloat16),
    "torch DoubleStorage": .storage(.float64),
    "torch LongStorage": .storage(.int64),
    "torch IntStorage": .storage(.int32),
    "torch ShortStorage": .storage(.int16),
    "torch CharStorage": .storage(.int8),
    "torch ByteStorage": .storage(.uint8),
    "torch BoolStorage": .storage(.bool),
    "torch.storage UntypedStorage": .untypedStorage,

    "torch float32": .elementType(.float32),
    "torch float16": .elementType(.float16),
    "torch bfloat16": .elementType(.bfloat16),
    "torch float64": .elementType(.float64),
    "torch int64": .elementType(.int64),

    "numpy ndarray": .inert,
    "numpy dtype": .inert,
    "numpy.core.multiarray _reconstruct": .inert,
    "numpy.core.multiarray scalar": .inert,
    "numpy._core.multiarray _reconstruct": .inert,
    "numpy._core.multiarray scalar": .inert,
    "_codecs encode": .inert,
  ]
}
