internal import Glibc

private let lostFileMessage: StaticString =
  "thimble: a file was cut short while it was in use. Replace files by renaming, and start again.\n"

/// Turns the signal that comes when a mapped file loses pages into a message and exit code 74.
///
/// Without this the process dies of SIGBUS. For programs; a library may not do so to its host.
public func reportLostFiles() {
  signal(SIGBUS) { _ in
    // Only what a signal handler may call: write and _exit.
    lostFileMessage.withUTF8Buffer { text in
      _ = unsafe write(2, text.baseAddress, text.count)
    }
    _exit(74)
  }
}
