internal import Glibc

extension ComputePool {
  /// Processors that this process may use: its affinity, bounded by its cgroups' CPU quota. At least 1.
  public static func usableProcessors() -> Int {
    let allowed =
      readSmallFile("/proc/self/status").flatMap(allowedProcessors)
      ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return max(1, min(allowed, cgroupProcessorQuota() ?? allowed))
  }
}

/// The CPU quota of the innermost cgroup that is visible, in whole processors, rounded up; nil if there is none.
private func cgroupProcessorQuota() -> Int? {
  func ceiling(_ quota: Int, _ period: Int) -> Int? {
    quota > 0 && period > 0 ? (quota + period - 1) / period : nil
  }
  if let words = readSmallFile("/sys/fs/cgroup/cpu.max")?.split(whereSeparator: {
    " \n".contains($0)
  }),
    words.count == 2, let quota = Int(words[0]), let period = Int(words[1])
  {
    return ceiling(quota, period)
  }
  func number(_ file: String) -> Int? {
    readSmallFile("/sys/fs/cgroup/cpu/\(file)").flatMap { Int($0.filter { $0 != "\n" }) }
  }
  guard let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us") else {
    return nil
  }
  return ceiling(quota, period)
}

/// Counts the processors of the line "Cpus_allowed_list:\t0-1,4" of /proc/self/status.
private func allowedProcessors(status: String) -> Int? {
  guard
    let list = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") })?
      .split(separator: "\t").last
  else { return nil }
  return list.split(separator: ",").reduce(0) { total, range in
    let ends = range.split(separator: "-").compactMap { Int($0) }
    guard let first = ends.first, let last = ends.last, last >= first else { return total }
    return total + last - first + 1
  }
}
