/// One page that needs nothing else: no script, no font, no network.
struct HTMLPage {
  private let title: String
  private var body = ""

  init(title: String) { self.title = title }

  mutating func heading(_ text: String) { body += "<h2>\(escaped(text))</h2>\n" }

  mutating func paragraph(_ text: String) { body += "<p>\(escaped(text))</p>\n" }

  /// A picture with what it shows written under it.
  mutating func figure(_ svg: String, legend: String = "", caption: String) {
    body += "<figure>\(legend)\(svg)<figcaption>\(escaped(caption))</figcaption></figure>\n"
  }

  /// The figures that matter most.
  mutating func tiles(_ tiles: [(value: String, name: String)]) {
    let items = tiles.map {
      "<div><b>\(escaped($0.value))</b><span>\(escaped($0.name))</span></div>"
    }
    body += "<section class=\"tiles\">\(items.joined())</section>\n"
  }

  /// - Parameter rows: the first is the header; the first column has names.
  mutating func table(_ rows: [[String]]) {
    var text = ""
    for (index, row) in rows.enumerated() {
      let cell = index == 0 ? "th" : "td"
      text += "<tr>" + row.map { "<\(cell)>\(escaped($0))</\(cell)>" }.joined() + "</tr>\n"
    }
    body += "<div class=\"wide\"><table>\(text)</table></div>\n"
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
    :root{--ink:#1c2430;--soft:#5b6675;--paper:#fff;--card:#f4f6f8;--rule:#d9dee5;
    --both:#0072b2;--weights:#d55e00;--activations:#009e73;--baseline:#8a5a83}
    @media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b4;--paper:#14181d;--card:#1d232b;
    --rule:#333c47;--both:#56b4e9;--weights:#f0883e;--activations:#2fc79a;--baseline:#cc9ac6}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    main{max-width:820px;margin:0 auto;padding:32px 20px 64px}
    h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere;margin:0 0 4px}
    h2{font-size:1.15rem;margin:40px 0 8px}
    p{margin:4px 0 12px}
    figure{margin:0;background:var(--card);border-radius:10px;padding:16px}
    figure+figure,figure+.wide{margin-top:12px}
    figcaption{color:var(--soft);font-size:.875rem;margin-top:6px}
    svg{width:100%;height:auto;display:block;overflow:visible}
    text{font:12px system-ui,sans-serif;fill:var(--ink)}
    .tick{fill:var(--soft);font-size:11px}
    .grid{stroke:var(--rule)}.axis,.whisker{stroke:var(--soft)}.whisker{stroke:var(--ink);stroke-width:1.5}
    .fill-both{fill:var(--both)}.fill-weights{fill:var(--weights)}
    .fill-activations{fill:var(--activations)}.fill-baseline{fill:var(--baseline)}
    circle{stroke:var(--card);stroke-width:1.5}
    polyline{fill:none;stroke-width:2}
    .line-both{stroke:var(--both)}.line-weights{stroke:var(--weights)}
    .line-activations{stroke:var(--activations)}.line-baseline{stroke:var(--baseline)}
    .legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 10px;font-size:.875rem}
    .legend i{display:inline-block;width:11px;height:11px;border-radius:50%;margin-right:6px}
    .key-both{background:var(--both)}.key-weights{background:var(--weights)}
    .key-activations{background:var(--activations)}.key-baseline{background:var(--baseline)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(136px,1fr));gap:10px;margin:20px 0}
    .tiles div{background:var(--card);border-radius:10px;padding:12px 14px}
    .tiles b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
    .tiles span{color:var(--soft);font-size:.8125rem}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
    th,td{padding:5px 7px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
    th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:600}
    """
}
