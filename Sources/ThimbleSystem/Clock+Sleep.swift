internal import Glibc

/// Lets the calling thread sleep.
public func sleep(microseconds: Int) {
  var time = timespec(tv_sec: microseconds / 1_000_000, tv_nsec: microseconds % 1_000_000 * 1000)
  unsafe nanosleep(&time, nil)
}
