internal import Glibc

/// The first listening socket that systemd hands to this process, if it does (sd_listen_fds(3)).
public func inheritedSocket() -> Int32? {
  guard environment("LISTEN_PID").flatMap({ Int32($0) }) == getpid(),
    let count = environment("LISTEN_FDS").flatMap({ Int($0) }), count >= 1
  else { return nil }
  let first: Int32 = 3
  _ = fcntl(first, F_SETFD, FD_CLOEXEC)
  return first
}
