internal import ThimbleSystem

/// Sentences to measure on, one a line, by language. Files stay mapped; nothing of them is read ahead.
public struct EvaluationText: Sendable {
  /// The sentences of one file.
  public struct Language: Sendable {
    /// What reports call it: "de" for de.txt, or the path if another file has that name too.
    public internal(set) var name: String
    /// The code of the language, as models spell it: that of all text, or else the file's name without ".txt".
    public let code: String
    public let path: String
    let bytes: ByteView
    /// Lines that are not empty.
    public let sentenceCount: Int
    /// Lines of the file that come before `bytes`.
    let linesBefore: Int
    /// The lines, from the first.
    var lines: Lines { Lines(bytes, after: linesBefore) }

    init(path: String, code: String?) throws(SystemError) {
      self.path = path == "-" ? "standard input" : path
      let file = path.split(separator: "/").last.map(String.init) ?? path
      name = file.hasSuffix(".txt") ? String(file.dropLast(4)) : file
      if path == "-" { name = code ?? "standard input" }
      self.code = code ?? name
      bytes = try contents(ofPath: path)
      var lines = Lines(bytes)
      var count = 0
      while lines.next() != nil { count += 1 }
      sentenceCount = count
      linesBefore = 0
    }
  }

  public let languages: [Language]

  /// - Parameters:
  ///   - paths: text files, folders of LANG.txt, pipes, and "-" for standard input.
  ///   - language: the code of the language of all text; nil: as the files are named.
  /// - Throws: `EvaluationError.noText` if a path has no sentence, `.system` if it cannot be read.
  public init(paths: [String], language: String? = nil) throws(EvaluationError) {
    var languages: [Language] = []
    for path in paths {
      let isFolder = kind(ofPath: path) == .folder
      var found = 0
      do throws(SystemError) {
        let files =
          isFolder
          ? try listFolder(path).filter { $0.hasSuffix(".txt") }.map { "\(path)/\($0)" }
          : [path]
        for file in files {
          let text = try Language(path: file, code: language)
          guard text.sentenceCount > 0 else { continue }
          languages.append(text)
          found += 1
        }
      } catch { throw .system(error) }
      guard found > 0 else {
        throw .noText(
          path: path,
          reason: isFolder
            ? "a folder needs files LANG.txt, one sentence a line." : "every line is empty.")
      }
    }
    let counts = Dictionary(languages.map { ($0.name, 1) }, uniquingKeysWith: +)
    for index in languages.indices where counts[languages[index].name, default: 0] > 1 {
      languages[index].name = languages[index].path
    }
    self.languages = languages
  }
}

/// The lines of a text that are not empty, one by one.
struct Lines {
  private let bytes: ByteView
  private var offset = 0
  /// Where the next line begins.
  var position: Int { min(offset, bytes.count) }
  /// The number of the line that came last, from 1.
  private(set) var number: Int

  /// - Parameter count: lines of the file that come before `bytes`.
  init(_ bytes: ByteView, after count: Int = 0) {
    self.bytes = bytes
    number = count
  }

  /// The next line, without its line feed.
  mutating func next() -> ByteView? {
    while offset < bytes.count {
      let start = offset
      var end = bytes.withSpan { span in
        var index = start
        while index < span.count, span[index] != 0x0A { index += 1 }
        return index
      }
      offset = end + 1
      number += 1
      while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
      if end > start { return bytes[start..<end] }
    }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
  }
}
