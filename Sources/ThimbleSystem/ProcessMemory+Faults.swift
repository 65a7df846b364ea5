internal import Glibc

/// How often this process had to wait for the disk because a mapped page was not in memory.
public func majorFaults() -> Int {
  var usage = rusage()
  unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
  return Int(usage.ru_majflt)
}
