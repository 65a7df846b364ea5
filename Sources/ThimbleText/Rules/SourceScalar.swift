/// A Unicode scalar on its way through the rules, with the bytes of the text that it came from.
struct SourceScalar {
  var value: UInt32
  var classes: CharacterClass
  /// Byte range in the original text.
  var start: UInt32
  var end: UInt32

  @inline(__always)
  init(_ value: UInt32, start: UInt32, end: UInt32) {
    self.value = value
    classes = .of(value)
    self.start = start
    self.end = end
  }

  /// Another scalar in the place of this one.
  func replaced(by value: UInt32) -> SourceScalar {
    SourceScalar(value, start: start, end: end)
  }

  /// A space before this scalar, of no bytes of its own.
  var spaceBefore: SourceScalar { SourceScalar(" ", start: start, end: start) }
  /// A space behind this scalar, of no bytes of its own.
  var spaceAfter: SourceScalar { SourceScalar(" ", start: end, end: end) }

  var isSpace: Bool { classes.contains(.space) }
  var isASCIILetter: Bool { value | 0x20 >= 0x61 && value | 0x20 <= 0x7A }
  var isASCIIDigit: Bool { value >= 0x30 && value <= 0x39 }
}

extension SourceScalar {
  init(_ scalar: Unicode.Scalar, start: UInt32, end: UInt32) {
    self.init(scalar.value, start: start, end: end)
  }
}

func == (scalar: SourceScalar, literal: Unicode.Scalar) -> Bool { scalar.value == literal.value }
func != (scalar: SourceScalar, literal: Unicode.Scalar) -> Bool { scalar.value != literal.value }
