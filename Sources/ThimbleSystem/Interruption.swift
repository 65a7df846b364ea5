internal import Glibc
internal import Synchronization

/// Ctrl-C as a wish to stop rather than an order to die.
public enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// From now on the first SIGINT or SIGTERM only sets `isRequested`; the second one ends the process as always.
  public static func watch() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in
      Interruption.requested.store(true, ordering: .relaxed)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
    unsafe sigaction(SIGINT, &action, nil)
    unsafe sigaction(SIGTERM, &action, nil)
  }

  /// Whether such a signal has come since `watch`.
  public static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
