/// One page that needs nothing else: no script, no font, no network.
struct HTMLPage {
  private let title: String
  private var body = ""

  init(title: String) { self.title = title }

  mutating func heading(_ text: String) { body += "<h2>\(escaped(text))</h2>\n" }

  mutating func paragraph(_ text: String) { body += "<p>\(escaped(text))</p>\n" }

  /// A picture with what it shows written under it.
  mutating func figure(_ chart: some Chart, legend: String = "", caption: String) {
    body += "<figure>\(legend)\(chart.svg)<figcaption>\(escaped(caption))</figcaption></figure>\n"
  }

  /// The figures that matter most.
  mutating func tiles(_ tiles: [(value: String, name: String)]) {
    let items = tiles.map {
      "<div><b>\(escaped($0.value))</b><span>\(escaped($0.name))</span></div>"
    }
    body += "<section class=\"tiles\">\(items.joined())</section>\n"
  }

  /// - Parameter rows: the first is the header; the first column has names.
  mutating func table(_ title: String, _ rows: [[String]]) {
    var text = ""
    for (index, row) in rows.enumerated() {
      let cell = index == 0 ? "th" : "td"
      // Long names may break where their parts meet.
      let cells = row.enumerated().map { place, text in
        "<\(cell)>\(place > 0 ? escaped(text) : breakable(escaped(text)))</\(cell)>"
      }
      text += "<tr>\(cells.joined())</tr>\n"
    }
    // It scrolls by itself where it does not fit, also for those who use a keyboard.
    body +=
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"\(escaped(title))\"><table>\(text)</table></div>\n"
  }

  private func breakable(_ text: String) -> String {
    guard text.count > 14 else { return text.split(separator: " ").joined(separator: "&nbsp;") }
    var output = ""
    for character in text {
      output.append(character)
      if "._/".contains(character) { output += "<wbr/>" }
    }
    return output
  }

  var text: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(escaped(title))</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    <main>
    <h1>\(escaped(title))</h1>
    \(body)</main>
    </body>
    </html>

    """
  }

  // Colours that the colour-blind can tell apart (Okabe and Ito, 2008), lightened for the dark.
  private static let style = """
    :root{--ink:#1c2430;--soft:#5b6675;--paper:#fff;--card:#f4f6f8;--rule:#d9dee5;--edge:rgb(28 36 48/.35);
    --both:#0072b2;--weights:#d55e00;--activations:#009e73;--baseline:#8a5a83}
    @media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b4;--paper:#14181d;--card:#1d232b;
    --rule:#333c47;--edge:rgb(230 233 238/.3);--both:#56b4e9;--weights:#f0883e;--activations:#2fc79a;--baseline:#cc9ac6}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-x:hidden}
    main{max-width:1160px;margin:0 auto;padding:32px 20px 64px}
    main>*{max-width:820px;margin-left:auto;margin-right:auto}
    h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere;margin-top:0;margin-bottom:4px}
    h2{font-size:1.15rem;margin-top:40px;margin-bottom:8px}
    p{margin-top:4px;margin-bottom:12px;overflow-wrap:anywhere}
    figure{margin-top:0;margin-bottom:0;background:var(--card);border-radius:10px;padding:16px}
    figure+figure,figure+.wide{margin-top:12px}
    figcaption{color:var(--soft);font-size:.875rem;margin-top:6px}
    svg{width:100%;height:auto;display:block;overflow:visible}
    .narrow-chart{display:none;max-width:460px}
    @media (max-width:600px){.wide-chart{display:none}.narrow-chart{display:block}figure{padding:12px 10px}
    main{padding:20px 14px 48px}}
    text{font:12px system-ui,sans-serif;fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:3px;
    stroke-linejoin:round}
    .tick{fill:var(--soft);font-size:11px}
    .grid{stroke:var(--rule)}.axis{stroke:var(--soft)}.leader{stroke:var(--baseline)}
    .whisker{stroke:var(--ink);stroke-width:1.6}.halo{stroke:var(--card);stroke-width:4.6}
    .fill-both{fill:var(--both)}.fill-weights{fill:var(--weights)}
    .fill-activations{fill:var(--activations)}.fill-baseline{fill:var(--baseline)}
    circle{stroke:var(--card);stroke-width:1.5}circle.hollow{fill:var(--card);stroke-width:2}
    polyline{fill:none;stroke-width:2}
    .line-both{stroke:var(--both)}.line-weights{stroke:var(--weights)}
    .line-activations{stroke:var(--activations)}.line-baseline{stroke:var(--baseline)}
    .legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;font-size:.875rem}
    .legend i{display:inline-block;width:11px;height:11px;border-radius:50%;margin-right:6px}
    .key-both{background:var(--both)}.key-weights{background:var(--weights)}
    .key-activations{background:var(--activations)}.key-baseline{background:var(--baseline)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(136px,1fr));gap:10px;margin-top:20px;margin-bottom:20px}
    .tiles div{background:var(--card);border-radius:10px;padding:12px 14px}
    .tiles b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
    .tiles span{color:var(--soft);font-size:.8125rem}
    .wide{overflow-x:auto;width:fit-content;min-width:min(820px,100%);max-width:100%;
    background:linear-gradient(to right,var(--paper) 40%,transparent) left/48px 100%,
    linear-gradient(to left,var(--paper) 40%,transparent) right/48px 100%,
    linear-gradient(to right,var(--edge),transparent) left/14px 100%,
    linear-gradient(to left,var(--edge),transparent) right/14px 100%;background-repeat:no-repeat;
    background-attachment:local,local,scroll,scroll}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
    th,td{padding:5px 7px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
    th:first-child,td:first-child{text-align:left}
    @media (max-width:600px){th:first-child,td:first-child{white-space:normal;overflow-wrap:break-word;max-width:50vw}}
    th{color:var(--soft);font-weight:600}
    """
}
