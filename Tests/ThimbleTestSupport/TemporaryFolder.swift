internal import ThimbleSystem

/// A folder of a test's own, removed with all that is in it when the object goes.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() {
    // Tests run at the same time, in one process and in several.
    path = "/tmp/thimble-test-\(processID)-\(UInt64.random(in: 0 ... .max))"
    do { try makeFolder(path) } catch { preconditionFailure("\(error)") }
  }

  deinit {
    for name in names { removePath(self(name)) }
    removePath(path)
  }

  /// Names of the files in the folder.
  public var names: [String] { (try? listFolder(path)) ?? [] }

  /// The path of `name` in the folder.
  public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes `bytes` to the file `name`; returns its path.
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    let output = try OutputFile(path: self(name))
    try output.append(bytes)
    try output.commit(.cached)
    return self(name)
  }
}
