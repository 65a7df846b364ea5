internal import Glibc
internal import Synchronization

/// A path whose file must not outlive this process: a signal that ends it removes the file first.
///
/// For the moments in which an incomplete file has a name. SIGKILL asks nobody, and where a program handles signals
/// itself they stay its own.
@safe
public final class DoomedPath: Sendable {
  private let slot: Slot?

  private final class Slot: Sendable {
    /// The address of the path as a C string; 0 for none.
    let address = Atomic<UInt>(0)
  }

  // More names than files that are written at once; whoever finds none free goes without.
  private static let slots = (0..<8).map { _ in Slot() }
  private static let watch: Void = {
    for signal in [SIGINT, SIGTERM, SIGHUP] { handle(signal) }
  }()

  public init(_ path: String) {
    _ = Self.watch
    let copy = unsafe strdup(path)
    let address = UInt(bitPattern: copy)
    slot = Self.slots.first {
      $0.address.compareExchange(expected: 0, desired: address, ordering: .relaxed).exchanged
    }
    if slot == nil { unsafe free(copy) }
  }

  deinit {
    guard let slot else { return }
    unsafe free(
      UnsafeMutablePointer<CChar>(bitPattern: slot.address.exchange(0, ordering: .relaxed)))
  }

  private static func handle(_ signal: Int32) {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0,
      unsafe action.__sigaction_handler.sa_handler == nil  // SIG_DFL
    else { return }
    unsafe action.__sigaction_handler.sa_handler = { signal in
      // Only what is safe in a handler: no memory is taken or given back.
      for slot in DoomedPath.slots {
        let path = unsafe UnsafePointer<CChar>(
          bitPattern: slot.address.load(ordering: .relaxed))
        if let path = unsafe path { unsafe unlink(path) }
      }
      raise(signal)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND) | UInt32(SA_NODEFER))
    unsafe sigaction(signal, &action, nil)
  }
}
