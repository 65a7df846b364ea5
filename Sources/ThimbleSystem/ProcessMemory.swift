internal import Glibc

/// What this process occupies, as the kernel counts it in /proc/self/status.
public struct ProcessMemory: Sendable, Equatable {
  /// Private memory in bytes: heap, stacks, anonymous mappings (RssAnon).
  public let privateBytes: Int
  /// All resident pages in bytes, mapped files included (VmRSS).
  public let residentBytes: Int
  /// The most that `residentBytes` ever was (VmHWM).
  public let peakResidentBytes: Int

  /// The state now, or nil where there is no /proc.
  public static func current() -> ProcessMemory? {
    guard let status = readSmallFile("/proc/self/status") else { return nil }
    func kilobytes(_ key: String) -> Int? {
      status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        .flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first }
        .flatMap { Int($0) }
    }
    guard let anonymous = kilobytes("RssAnon"), let resident = kilobytes("VmRSS"),
      let peak = kilobytes("VmHWM")
    else { return nil }
    return ProcessMemory(
      privateBytes: anonymous << 10, residentBytes: resident << 10, peakResidentBytes: peak << 10)
  }
}

/// The text of a small file, such as those under /proc and /sys; nil if it cannot be read.
public func readSmallFile(_ path: String) -> String? {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while text.count < 1 << 20 {
    let count = unsafe read(descriptor, &buffer, buffer.count)
    guard count > 0 else { break }
    text += buffer[..<count]
  }
  return String(decoding: text, as: UTF8.self)
}

/// Memory that can be used without swapping, in bytes: the smaller of what the system says is available
/// and what the memory cgroups of this process leave. Nil if neither is known.
public func availableMemory() -> Int? {
  var candidates: [Int] = []
  if let line = readSmallFile("/proc/meminfo")?.split(separator: "\n")
    .first(where: { $0.hasPrefix("MemAvailable:") }),
    let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
  {
    candidates.append(kilobytes << 10)
  }
  if let limit = cgroupMemoryLimit() { candidates.append(limit) }
  return candidates.min()
}

/// The smallest memory limit of the cgroups that this process is in, in bytes; nil if there is none.
public func cgroupMemoryLimit() -> Int? {
  guard let groups = readSmallFile("/proc/self/cgroup") else { return nil }
  var limits: [Int] = []
  for line in groups.split(separator: "\n") {
    // "hierarchy:controllers:path"; version 2 has hierarchy 0 and no controllers.
    let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { continue }
    let (root, file): (String, String)
    if parts[0] == "0" && parts[1].isEmpty {
      (root, file) = ("/sys/fs/cgroup", "memory.max")
    } else if parts[1].split(separator: ",").contains("memory") {
      (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
    } else {
      continue
    }
    // A limit of any ancestor binds too. In a container only the root may be visible.
    var path = parts[2].split(separator: "/")
    while true {
      let folder = ([root] + path.map(String.init)).joined(separator: "/")
      if let text = readSmallFile("\(folder)/\(file)"),
        let limit = Int(text.filter { $0 != "\n" }), limit < 1 << 60
      {
        limits.append(limit)
      }
      if path.isEmpty { break }
      path.removeLast()
    }
  }
  return limits.min()
}
