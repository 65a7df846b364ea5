internal import Glibc
internal import Synchronization

/// SIGHUP as a wish to look again rather than an order to die.
public enum Hangup {
  private static let came = Atomic<Bool>(false)

  /// From now on SIGHUP only sets `hasCome`, until somebody else handles it.
  public static func watch() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in
      Hangup.came.store(true, ordering: .relaxed)
    }
    action.sa_flags = SA_RESTART
    unsafe sigaction(SIGHUP, &action, nil)
  }

  /// Whether it has come since `watch`.
  public static var hasCome: Bool { came.load(ordering: .relaxed) }
}
