public import ThimbleJSON
internal import ThimbleSystem

/// The folder `Fixtures` beside the test file that asks.
///
/// - Returns: the path of `name` in it.
public func fixture(_ name: String, file: String = #filePath) -> String {
  let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  return folder.joined(separator: "/") + "/Fixtures/" + name
}

/// The path of `name`, counted from the top of the repository.
public func repository(_ name: String, file: String = #filePath) -> String {
  let top = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
  return top.joined(separator: "/") + "/" + name
}

/// The JSON document at `path`.
public func json(_ path: String) throws -> JSONValue {
  try JSONValue(parsing: MappedFile(path: path).bytes.bytes())
}

extension JSONValue {
  /// The numbers of an array.
  public var floats: [Float] { (array ?? []).compactMap { $0.double.map { Float($0) } } }
  /// The integers of an array.
  public var ints: [Int] { (array ?? []).compactMap(\.int) }
}

/// All bytes of the file at `path`.
public func bytes(_ path: String) throws -> [UInt8] { try MappedFile(path: path).bytes.bytes() }
