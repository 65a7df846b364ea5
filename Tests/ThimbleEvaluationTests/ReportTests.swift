import Testing
import ThimbleEvaluation
import ThimbleJSON
import ThimbleSystem
import ThimbleTestSupport

@Suite("Reports")
struct ReportTests {
  func report(_ small: SmallPair) throws -> EvaluationReport {
    var options = EvaluationOptions()
    options.limit = 1
    return try EvaluationReport(
      small.pair.evaluator(small.pair.candidates(), options).run(sampleText()), of: small.pair)
  }

  @Test("JSON has what Formats/report.md says")
  func json() throws {
    let small = try SmallPair()
    let report = try report(small)
    let json = try JSONValue(parsing: Array(report.json.text(.pretty).utf8))
    #expect(json["format"] == "thimble-evaluation")
    #expect(json["isComplete"] == true)
    #expect(json["settings"]?["seed"] == 1)
    #expect(json["languages"]?.array?.map { $0["name"]?.string } == ["ar", "de", "en", "sw", "zh"])
    let measures = try #require(json["overall"]?["both"])
    for member in [
      "sentences", "positions", "perplexity", "divergence", "agreement", "agreementInterval",
      "agreementInFive", "probabilityDifference", "layers", "sentenceCosine",
    ] { #expect(measures[member] != nil, "\(member)") }
    #expect(measures["sentences"] == 5)
    let worst = try #require(json["worstLanguage"]?.string)
    let means = (json["languages"]?.array ?? []).map {
      ($0["name"]?.string, $0["both"]?["divergence"]?["mean"]?.double ?? 0)
    }
    #expect(means.max { $0.1 < $1.1 }?.0 == worst)
    let tensors = try #require(json["tensors"]?.array)
    #expect(tensors.count == 26)
    #expect(tensors.allSatisfy { ($0["sqnr"]?.double ?? 0) > 20 })
  }

  @Test("baselines have the bits of their blocks, and lose the less the more they have")
  func baselines() throws {
    let small = try SmallPair()
    var options = EvaluationOptions()
    options.limit = 2
    let baselines = small.pair.baselines()
    #expect(baselines.map(\.candidate.name) == ["per-row int8", "Q8_0-like", "Q6_K-like"])
    let evaluation = try small.pair.evaluator(baselines.map(\.candidate), options)
      .run(sampleText("de", "en", "zh"))
    let means = baselines.indices.map {
      evaluation.measures(candidate: $0)?.divergence.mean.value ?? 0
    }
    #expect(means[1] < means[0] && means[0] < means[2])
    // 0.4 % of the weights are kept in fp32.
    for (baseline, bits) in zip(baselines, [8.0, 8.5, 6.5625]) {
      #expect((bits...bits + 0.35).contains(baseline.bitsPerWeight), "\(baseline.candidate.name)")
    }
    var sweep = SweepReport(referencePath: small.pair.referencePath)
    sweep.add(evaluation, of: baselines)
    #expect(sweep.json["points"]?.array?.count == 3)
    expectSelfContained(sweep.html)
  }

  @Test("a page needs nothing but itself, and every element is closed")
  func page() throws {
    let small = try SmallPair()
    expectSelfContained(try report(small).html)
  }

  @Test(
    "a real browser draws the page in light and in dark",
    .enabled(if: findChromium() != nil, "chromium is not installed"))
  func browser() throws {
    let small = try SmallPair()
    let folder = repository(".build/artefacts")
    if kind(ofPath: folder) == .nothing { try makeFolder(folder) }
    let output = try OutputFile(path: "\(folder)/report.html")
    try output.append(Array(try report(small).html.utf8))
    try output.commit()
    var pictures: [[UInt8]] = []
    for (name, setting) in [("light", "1"), ("dark", "0")] {
      let path = "\(folder)/report-\(name).png"
      removePath(path)
      let browser = try ChildProcess(
        try #require(findChromium()),
        [
          "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
          "--blink-settings=preferredColorScheme=\(setting)", "--window-size=900,3000",
          "--user-data-dir=\(small.folder.path)-chromium", "--screenshot=\(path)",
          "file://\(folder)/report.html",
        ])
      #expect(browser.exitCode == 0, "\(browser.errors)")
      pictures.append(try MappedFile(path: path).bytes.bytes())
    }
    #expect(pictures.allSatisfy { $0.count > 50_000 }, "a blank page is smaller")
    #expect(pictures[0] != pictures[1])
  }
}

private func findChromium() -> String? {
  (environment("PATH") ?? "").split(separator: ":").map { "\($0)/chromium" }
    .first { kind(ofPath: $0) == .file }
}

/// Checks what a browser would need a network for, and that elements nest.
private func expectSelfContained(_ html: String) {
  for word in ["http", "<script", "<link", "@import", "url(", "src="] {
    #expect(!html.contains(word), "\(word)")
  }
  #expect(html.contains("<svg") && html.contains("prefers-color-scheme:dark"))
  var open: [Substring] = []
  for piece in html.split(separator: "<").dropFirst() where !piece.hasPrefix("!") {
    guard let end = piece.firstIndex(of: ">") else {
      Issue.record("an element without end: \(piece)")
      return
    }
    let tag = piece[..<end]
    if tag.hasSuffix("/") { continue }
    let name = tag.prefix { $0.isLetter || $0.isNumber || $0 == "/" }
    if name.hasPrefix("/") {
      #expect(open.popLast() == name.dropFirst())
    } else if name != "meta" {
      open.append(name)
    }
  }
  #expect(open.isEmpty)
}
