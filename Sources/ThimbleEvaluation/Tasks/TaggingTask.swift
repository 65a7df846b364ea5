internal import ThimbleSystem

/// Sentences whose words are labelled: files as those of CoNLL-2003 (Tjong Kim Sang and De Meulder, 2003).
public struct TaggingTask: Sendable {
  struct Example: Sendable {
    let language: String
    let words: [String]
    /// One for each word.
    let labels: [String]
    let path: String
    /// The line of the first word; each word has a line.
    let number: Int
  }

  let examples: [Example]

  /// Reads files of a word in each line: columns separated by blanks or tabs, of which the first is the word and the last its
  /// label. Blank lines separate sentences; lines of -DOCSTART- are skipped. Named after their language, as in test-de.conll.
  ///
  /// - Parameter limit: the most sentences of a file.
  /// - Throws: `EvaluationError`, among them `.line` for a line with other columns than those before, or a label that is
  ///   neither of IOB nor of BIOES.
  public init(paths: [String], limit: Int? = nil) throws(EvaluationError) {
    var examples: [Example] = []
    for path in paths {
      var reader = try SentenceLines(path)
      var count = 0
      while count < limit ?? .max, let example = try reader.next() {
        examples.append(example)
        count += 1
      }
      guard count > 0 else { throw .noText(path: path, reason: "there are no labelled words.") }
    }
    self.examples = examples
  }

  /// The sentences of a file.
  private struct SentenceLines {
    let path: String
    private let bytes: ByteView
    private var offset = 0
    private var number = 0
    /// Columns of the first line that has any, and its number.
    private var columns: (count: Int, line: Int)?

    init(_ path: String) throws(EvaluationError) {
      self.path = path
      do { bytes = try contents(ofPath: path) } catch { throw .system(error) }
      if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
    }

    mutating func next() throws(EvaluationError) -> Example? {
      var (words, labels): ([String], [String]) = ([], [])
      var first = 0
      while let fields = try nextLine() {
        if fields.isEmpty || fields[0] == "-DOCSTART-" {
          if words.isEmpty { continue }
          break
        }
        if words.isEmpty { first = number }
        let (word, label) = try labelled(fields)
        words.append(word)
        labels.append(label)
      }
      guard !words.isEmpty else { return nil }
      return Example(
        language: languageName(ofPath: path), words: words, labels: labels, path: path,
        number: first)
    }

    /// The columns of the next line; nil at the end.
    private mutating func nextLine() throws(EvaluationError) -> [String]? {
      guard offset < bytes.count else { return nil }
      number += 1
      var fields: [[UInt8]] = []
      var isInside = false
      while offset < bytes.count {
        let byte = bytes[offset]
        offset += 1
        if byte == 0x0A { break }
        let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0D
        if !isBlank {
          if !isInside { fields.append([]) }
          fields[fields.count - 1].append(byte)
        }
        isInside = !isBlank
      }
      return try fields.map { field throws(EvaluationError) in
        guard let text = String(validating: field, as: UTF8.self) else {
          throw .line(path: path, number: number, reason: "the text is not UTF-8.")
        }
        return text
      }
    }

    private mutating func labelled(
      _ fields: [String]
    ) throws(EvaluationError) -> (word: String, label: String) {
      func refusal(_ reason: String) -> EvaluationError {
        .line(path: path, number: number, reason: reason)
      }
      guard let label = fields.last, fields.count > 1 else {
        throw refusal("there is a word without a label: \"\(fields[0].printable(limit: 60))\".")
      }
      let expected = columns ?? (fields.count, number)
      columns = expected
      guard fields.count == expected.count else {
        throw refusal(
          "there are \(fields.count) columns, but \(expected.count) in line \(expected.line).")
      }
      guard WordLabel.isKnown(label) else {
        throw refusal(
          "the label \"\(label.printable(limit: 60))\" is neither O nor begins with B-, I-, E- or S-."
        )
      }
      return (fields[0], label)
    }
  }
}
