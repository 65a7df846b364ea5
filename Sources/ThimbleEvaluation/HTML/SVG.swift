internal import ThimbleSystem

/// An element of SVG or HTML, as text.
struct Markup {
  private(set) var text = ""

  /// Appends `<name attributes>content</name>`. Attribute values are written as they are: numbers and class names.
  mutating func add(_ name: String, _ attributes: [(String, String)] = [], _ content: String = "") {
    let list = attributes.map { " \($0)=\"\($1)\"" }.joined()
    text +=
      content.isEmpty && !Self.pairs.contains(name)
      ? "<\(name)\(list)/>" : "<\(name)\(list)>\(content)</\(name)>"
  }

  // Elements that HTML does not let end by themselves.
  private static let pairs: Set<String> = ["td", "th", "p", "div"]

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    add("line", [("x1", at(x1)), ("y1", at(y1)), ("x2", at(x2)), ("y2", at(y2)), ("class", style)])
  }

  mutating func label(
    _ content: String, _ x: Double, _ y: Double, anchor: String = "start", _ style: String = "label"
  ) {
    add(
      "text", [("x", at(x)), ("y", at(y)), ("text-anchor", anchor), ("class", style)],
      escaped(content))
  }

  /// An interval: a line with ends, on a band that parts it from whatever it crosses.
  mutating func whisker(from start: (x: Double, y: Double), to end: (x: Double, y: Double)) {
    let isLevel = start.y == end.y
    let (across, down) = isLevel ? (0.0, 4.0) : (4.0, 0.0)
    for style in ["halo", "whisker"] {
      line(start.x, start.y, end.x, end.y, style)
      for place in [start, end] {
        line(place.x - across, place.y - down, place.x + across, place.y + down, style)
      }
    }
  }

  /// A mark that tells more when it is pointed at.
  mutating func dot(_ x: Double, _ y: Double, _ style: String, tip: String, radius: Double = 3.5) {
    add(
      "circle", [("cx", at(x)), ("cy", at(y)), ("r", at(radius)), ("class", style)],
      "<title>\(escaped(tip))</title>")
  }
}

/// A coordinate with a tenth of a pixel.
func at(_ value: Double) -> String { fixed(value, 1) }

/// `text` with what HTML would take for markup, and what nobody sees, written out.
func escaped(_ text: String) -> String {
  var output = ""
  for character in text.printable(limit: 400).unicodeScalars {
    switch character {
    case "&": output += "&amp;"
    case "<": output += "&lt;"
    case ">": output += "&gt;"
    case "\"": output += "&quot;"
    case "'": output += "&#39;"
    default: output.unicodeScalars.append(character)
    }
  }
  return output
}
