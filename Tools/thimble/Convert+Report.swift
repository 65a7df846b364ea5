internal import ThimbleArchitecture
internal import ThimbleConvert
internal import ThimbleImport
internal import ThimbleJSON
internal import ThimbleSystem

extension Convert {
  /// What came of a conversion, for people and programs.
  struct Outcome {
    let report: ConversionReport
    let checkpoint: ModelCheckpoint
    let path: String
    /// Of everything, reading and calibrating included.
    let seconds: Double
    /// Of these, what it took to calibrate; nil if nothing was calibrated.
    let secondsOfLearning: Double?
  }
}

extension Convert.Outcome {
  var text: String {
    var table = Table(
      ["part", "weights", "bits/weight", "SQNR dB"], [.left, .right, .right, .right])
    func append(_ name: String, _ count: Int, _ bits: Double, _ sqnr: Double?) {
      table.append([name, grouped(count), decimal(bits, 2), sqnr.map { decimal($0, 1) } ?? "exact"])
    }
    for group in report.groups {
      append(group.group.rawValue, group.parameterCount, group.bitsPerWeight, group.sqnr)
    }
    append("in all", report.parameterCount, report.bitsPerWeight, report.sqnr)
    var text = table.text + "\n"
    if secondsOfLearning != nil {
      text += """
        SQNR compares weights one by one. Calibrated weights are rounded so that their errors compensate for each other \
        in what the model computes: the SQNR is lower than without calibration, but the results are closer to the original's.

        """
    }
    let ignored = checkpoint.ignored
    for tensor in ignored.prefix(20) {
      text += "Left out: \(tensor.name): \(tensor.reason).".printable(limit: 300) + "\n"
    }
    if ignored.count > 20 { text += "Left out: \(ignored.count - 20) more tensors.\n" }
    if checkpoint.tokenizer == nil {
      text += "Without tokenizer: there are no vocabulary and merges beside the weights.\n"
    }
    if report.isFinest {
      text += "This is as fine as the model needs: finer steps would change nothing.\n"
    }
    text += "\(path.printable()): \(sizeText(report.fileSize)) in \(decimal(seconds, 1)) s"
    if let secondsOfLearning { text += " (\(decimal(secondsOfLearning, 1)) s of it calibrating)" }
    if let peak = report.peakPrivateBytes { text += ", with \(sizeText(peak)) of memory" }
    return text + "\n"
  }

  var json: String {
    func number(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
    let groups = report.groups.map { group in
      JSONValue.object([
        "name": .string(group.group.rawValue), "parameters": JSONValue(group.parameterCount),
        "size": JSONValue(group.size), "bitsPerWeight": JSONValue(group.bitsPerWeight),
        "sqnr": number(group.sqnr),
      ])
    }
    let ignored = checkpoint.ignored.map {
      JSONValue.object(["name": .string($0.name), "reason": .string($0.reason)])
    }
    return JSONValue.object([
      "file": .string(path), "size": JSONValue(report.fileSize),
      "parameters": JSONValue(report.parameterCount),
      "bitsPerWeight": JSONValue(report.bitsPerWeight), "sqnr": number(report.sqnr),
      "isFinest": .bool(report.isFinest), "seconds": JSONValue(seconds),
      "secondsOfCalibration": number(secondsOfLearning),
      "peakPrivateBytes": report.peakPrivateBytes.map { JSONValue($0) } ?? .null,
      "hasTokenizer": .bool(checkpoint.tokenizer != nil),
      "heads": .array(checkpoint.heads.map { ["class": .string($0.rawValue)] }),
      "warnings": .array(checkpoint.warnings.map { .string($0) }), "groups": .array(groups),
      "ignored": .array(ignored),
    ]).text(.pretty) + "\n"
  }
}
