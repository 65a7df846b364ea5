public import ThimbleSystem

extension KernelTable {
  /// The kernels that THIMBLE_ISA names, else the fastest: for tests that are not about kernels, so that
  /// the whole suite can be run on each of them.
  public static let underTest: KernelTable = {
    guard let name = ChildProcess.environment("THIMBLE_ISA") else { return .best }
    do { return try .named(name) } catch { fatalError("THIMBLE_ISA: \(error)") }
  }()
}
