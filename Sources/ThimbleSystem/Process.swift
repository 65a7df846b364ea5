internal import Glibc

/// All environment variables.
public func environmentVariables() -> [(name: String, value: String)] {
  var variables: [(name: String, value: String)] = []
  // Read before there are threads that could change it; ends with a null pointer.
  var entry = unsafe environ
  while let text = unsafe entry.pointee {
    let parts = unsafe String(cString: text).split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 { variables.append((String(parts[0]), String(parts[1]))) }
    unsafe entry += 1
  }
  return variables
}

/// Lets this process have `count` files and connections open at once, as far as the system allows.
///
/// - Returns: how many it may have.
public func raiseOpenFileLimit(to count: Int) -> Int {
  var limit = rlimit()
  guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
    return count
  }
  if limit.rlim_cur < rlim_t(count) {
    limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
  return Int(clamping: limit.rlim_cur)
}
