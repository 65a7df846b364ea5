/// `value` with `digits` decimals, at most nine.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let units = Int((abs(value) * Double(scale)).rounded())
  let sign = value < 0 && units > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(units)" }
  let fraction = "\(units % scale)"
  return "\(sign)\(units / scale)." + String(repeating: "0", count: digits - fraction.count)
    + fraction
}

/// `value` with three digits that count: "0.00105", "3.40e-7", "12.3".
public func significant(_ value: Double) -> String {
  let size = abs(value)
  guard size > 0, size.isFinite else { return value == 0 ? "0" : "\(value)" }
  if size >= 100 { return fixed(value, 0) }
  if size >= 1 { return fixed(value, size >= 10 ? 1 : 2) }
  var (digits, scaled) = (2, value)
  while abs(scaled) < 1 {
    scaled *= 10
    digits += 1
  }
  return digits < 9 ? fixed(value, digits) : "\(fixed(scaled, 2))e-\(digits - 2)"
}
