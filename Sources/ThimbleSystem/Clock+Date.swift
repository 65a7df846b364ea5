internal import Glibc

/// The time now as RFC 3339 writes it, in UTC and milliseconds: `2026-11-25T09:46:02.125Z`.
public func timestamp() -> String {
  var time = timespec()
  unsafe clock_gettime(CLOCK_REALTIME, &time)
  return timestamp(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
}

/// - Parameter seconds: since the beginning of 1970 in UTC.
package func timestamp(seconds: Int, milliseconds: Int) -> String {
  func padded(_ value: Int, _ width: Int = 2) -> String {
    let digits = "\(value)"
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
  }
  // Years that begin in March have the leap day at their end: the months before it have 153 days in every five.
  let days = seconds / 86_400 + 719_468
  let (era, dayOfEra) = (days / 146_097, days % 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let month = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * month + 2) / 5 + 1
  let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
  let date = [padded(year, 4), padded(month < 10 ? month + 3 : month - 9), padded(day)]
  let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { padded($0) }
  return
    "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(padded(milliseconds, 3))Z"
}
