internal import ThimbleSystem

/// Pairs of sentences with how alike people find them: the STS benchmark (Cer et al., 2017).
public struct SimilarityTask: Sendable {
  struct Example: Sendable {
    let language: String
    let first: String
    let second: String
    let score: Double
    let path: String
    let number: Int
  }

  let examples: [Example]

  /// Reads CSV: sentence, sentence, score; a header may say otherwise. Named after the language, as in stsb-de-dev.csv.
  ///
  /// - Parameter limit: the most examples of a file.
  public init(paths: [String], limit: Int? = nil) throws(EvaluationError) {
    var examples: [Example] = []
    for path in paths {
      let found = try Self.read(path, limit: limit ?? .max)
      guard found.count > 1 else {
        throw .noText(path: path, reason: "a correlation needs two examples.")
      }
      examples += found
    }
    self.examples = examples
  }

  private static func read(_ path: String, limit: Int) throws(EvaluationError) -> [Example] {
    let bytes: ByteView
    do { bytes = try contents(ofPath: path) } catch { throw .system(error) }
    var records = Records(bytes, .commas)
    var columns = try Columns([["0"], ["1"], ["2"]], in: ["0", "1", "2"], path: path)
    var examples: [Example] = []
    func next() throws(EvaluationError) -> [String]? {
      do { return try records.next() } catch { throw EvaluationError(error, path: path) }
    }
    var isFirst = true
    while examples.count < limit, let record = try next() {
      defer { isFirst = false }
      if isFirst, record.count > 2, record.allSatisfy({ Double($0) == nil }) {
        columns = try Columns(
          [["sentence1"], ["sentence2"], ["score", "similarity_score"]], in: record, path: path)
        continue
      }
      let fields = try columns.fields(of: record, path: path, number: records.number)
      guard let score = Double(fields[2]), score.isFinite else {
        throw .line(
          path: path, number: records.number, reason: "the score \"\(fields[2])\" is not a number.")
      }
      examples.append(
        Example(
          language: languageName(ofPath: path), first: fields[0], second: fields[1], score: score,
          path: path, number: records.number))
    }
    return examples
  }
}

/// Spearman's rank correlation of two lists; equal values share their mean rank. NaN if either is constant.
func spearman(_ a: [Double], _ b: [Double]) -> Double {
  let (a, b) = (ranks(a), ranks(b))
  let mean = Double(a.count + 1) / 2
  var (product, aSquares, bSquares) = (0.0, 0.0, 0.0)
  for (a, b) in zip(a, b) {
    product += (a - mean) * (b - mean)
    aSquares += (a - mean) * (a - mean)
    bSquares += (b - mean) * (b - mean)
  }
  return product / (aSquares * bSquares).squareRoot()
}

/// The rank of each value, from 1.
private func ranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
    start = end
  }
  return ranks
}
