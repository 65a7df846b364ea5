internal import Glibc
internal import Synchronization

/// Ctrl-C as a wish to stop rather than an order to die.
public enum Interruption {
  /// The number of the signal that came; 0 for none.
  private static let received = Atomic<Int32>(0)

  /// From now on the first SIGINT or SIGTERM is only noted; the second one ends the process as always.
  public static func watch() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { number in
      Interruption.received.store(number, ordering: .relaxed)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
    unsafe sigaction(SIGINT, &action, nil)
    unsafe sigaction(SIGTERM, &action, nil)
    // Whoever started this process may have blocked them, as worker threads of some libraries do.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe sigaddset(&signals, SIGTERM)
    unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// From now on a signal ends the process at once, as before `watch`.
  public static func unwatch() {
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
  }

  /// The number of the signal that has come since `watch`; nil for none.
  public static var signalNumber: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Whether such a signal has come since `watch`.
  public static var isRequested: Bool { signalNumber != nil }
}
