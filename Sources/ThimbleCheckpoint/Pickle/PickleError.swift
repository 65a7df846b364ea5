/// What is wrong at which byte of a pickle.
public struct PickleError: Error, Equatable, Sendable {
  public let fault: PickleFault
  /// Of the instruction, counted from the start of the pickle.
  public let offset: Int
}

/// Why a pickle is not read on. Nothing in a pickle is ever executed.
public enum PickleFault: Error, Equatable, CustomStringConvertible {
  case truncated
  case protocolVersion(UInt8)
  case opcode(UInt8)
  /// A name outside the short list of what state dictionaries consist of.
  case global(String)
  case limit(String, Int)
  case stackUnderflow
  case noMark
  /// What is left on the stack at the end is not one value.
  case leftover
  case memo(UInt32)
  case integerSize(Int)
  /// The instruction was applied to a value of the wrong kind.
  case target(String, found: String)
  /// A dictionary has a key that Python could not hash.
  case key(String)
  /// A function was called with arguments that do not fit it.
  case arguments(of: String)
  case persistentID(reason: String)
  /// A tensor reaches out of its storage, or its shape makes no sense.
  case tensor(shape: [Int], strides: [Int], offset: Int, storageCount: Int)
  case trailingBytes(Int)

  public var description: String {
    switch self {
    case .truncated:
      "the pickle ends in the middle. Is the file truncated? Download it again."
    case .protocolVersion(let version):
      "pickle protocol \(version); 2 to 5 are read."
    case .opcode(let byte):
      "the pickle instruction \(PickleOpcode.name(of: byte)) is not allowed in a checkpoint."
    case .global(let name):
      "the pickle refers to \"\(name)\", which is not allowed: it could run code. "
        + "Save only the state_dict, or use safetensors."
    case .limit(let what, let limit): "the pickle has more than \(limit) \(what)."
    case .stackUnderflow: "the pickle takes a value that is not there."
    case .noMark: "the pickle refers to a mark that is not there."
    case .leftover: "the pickle does not end with one value."
    case .memo(let index): "the pickle refers to the memo \(index), which was never set."
    case .integerSize(let count): "an integer of \(count) bytes; at most 16 are read."
    case .target(let opcode, let found): "the pickle applies \(opcode) to \(found)."
    case .key(let found): "a dictionary has \(found) as a key."
    case .arguments(let function): "the arguments of \(function) are not what it takes."
    case .persistentID(let reason): "a reference to a storage is damaged: \(reason)."
    case .tensor(let shape, let strides, let offset, let storageCount):
      "a tensor of shape \(shape) with strides \(strides) from element \(offset) on "
        + "does not fit its storage of \(storageCount) elements."
    case .trailingBytes(let count): "\(count) bytes follow the end of the pickle."
    }
  }
}
