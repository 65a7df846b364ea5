/// The folder `Fixtures` beside the test file that asks.
///
/// - Returns: the path of `name` in it.
public func fixture(_ name: String, file: String = #filePath) -> String {
  let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  return folder.joined(separator: "/") + "/Fixtures/" + name
}
