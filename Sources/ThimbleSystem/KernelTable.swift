internal import CThimbleKernels

/// The leaf kernels of one instruction set. All of them return the same bits, those that
/// Formats/numerics.md defines.
///
/// Every operation checks that its arguments lie within their arrays (a program error traps),
/// allocates nothing, and may run on several threads at once if they write to different places.
@safe
public struct KernelTable: Sendable {
  // A constant of the program: never freed, never written.
  nonisolated(unsafe) let isa: UnsafePointer<tk_isa>

  /// The instruction sets that this program contains and this machine can run, best first.
  /// The last one is `portable`.
  public static let runnable: [KernelTable] = {
    var tables: [KernelTable] = []
    var index = 0
    while let isa = unsafe tk_isa_at(index) {
      if unsafe isa.pointee.supported() { tables.append(unsafe KernelTable(isa: isa)) }
      index += 1
    }
    return tables
  }()

  /// The fastest that this machine can run.
  public static var best: KernelTable { runnable[0] }

  /// - Throws: `KernelError` if `name` is not one of `runnable`.
  public static func named(_ name: String) throws(KernelError) -> KernelTable {
    guard let table = runnable.first(where: { $0.name == name }) else {
      throw .notRunnable(name: name, runnable: runnable.map(\.name))
    }
    return table
  }

  /// For example "avx2".
  public var name: String { unsafe String(cString: isa.pointee.name) }
}

extension KernelTable: CustomStringConvertible {
  public var description: String { name }
}

/// Why an instruction set cannot be had.
public enum KernelError: Error, Equatable, CustomStringConvertible {
  case notRunnable(name: String, runnable: [String])

  public var description: String {
    switch self {
    case .notRunnable(let name, let runnable):
      "This machine cannot run kernels named \"\(name)\". "
        + "It can run: \(runnable.joined(separator: ", "))."
    }
  }
}
