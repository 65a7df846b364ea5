internal import Glibc

private let refusedMemoryMessage: StaticString =
  "thimble: The system refused memory. Free some memory, or raise the limit of this process.\n"

/// Turns the trap that ends a Swift program without memory into a message and exit code 74.
///
/// Large arrays of ours are errors when the system refuses them, but a string, a task or a thread of a library that
/// cannot be had is a trap. So a trap asks once whether there is memory; if there is, it remains a trap. For programs; a
/// library may not do so to its host.
public func reportRefusedMemory() {
  // Where even the stack cannot grow, the handler needs another one.
  let size = 64 << 10
  let stack = unsafe mmap(
    nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  if unsafe stack != MAP_FAILED {
    var alternative = unsafe stack_t(ss_sp: stack, ss_flags: 0, ss_size: size)
    unsafe sigaltstack(&alternative, nil)
  }
  // One by one: an array would have to be allocated.
  handle(SIGILL)
  handle(SIGTRAP)
  handle(SIGABRT)
  handle(SIGSEGV)
}

private func handle(_ number: Int32) {
  var action = sigaction()
  unsafe action.__sigaction_handler.sa_handler = { _ in
    guard isRefusedMemory() else { return }
    refusedMemoryMessage.withUTF8Buffer { text in
      _ = unsafe write(2, text.baseAddress, text.count)
    }
    _exit(74)
  }
  // When the handler returns, the same instruction traps again, and is not handled.
  action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_ONSTACK
  unsafe sigaction(number, &action, nil)
}

/// Only what a signal handler may call: system calls.
private func isRefusedMemory() -> Bool {
  var limit = rlimit()
  var wanted = 64 << 20
  if unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
    limit.rlim_cur != rlim_t.max
  {
    // What grows by doubling is refused when it has a third of all.
    wanted = max(wanted, Int(clamping: limit.rlim_cur) / 3 * 2)
  }
  let memory = unsafe mmap(
    nil, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  if unsafe memory == MAP_FAILED { return true }
  unsafe munmap(memory, wanted)
  return false
}
