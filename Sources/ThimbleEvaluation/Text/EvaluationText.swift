internal import ThimbleSystem

/// Sentences to measure on, one a line, by language. The files stay mapped; nothing is read ahead.
public struct EvaluationText: Sendable {
  /// The sentences of one file. It is named after it: "de" for de.txt.
  public struct Language: Sendable {
    public let name: String
    public let path: String
    let bytes: ByteView
    /// Lines that are not empty.
    public let sentenceCount: Int

    init(path: String) throws(SystemError) {
      self.path = path
      let file = path.split(separator: "/").last.map(String.init) ?? path
      name = file.hasSuffix(".txt") ? String(file.dropLast(4)) : file
      bytes = try MappedFile(path: path).bytes
      var lines = Lines(bytes)
      var count = 0
      while lines.next() != nil { count += 1 }
      sentenceCount = count
    }
  }

  public let languages: [Language]

  /// - Parameter paths: text files, and folders of LANG.txt.
  /// - Throws: `EvaluationError.noText` if a path has no sentence, `.system` if it cannot be read.
  public init(paths: [String]) throws(EvaluationError) {
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
          let language = try Language(path: file)
          guard language.sentenceCount > 0 else { continue }
          languages.append(language)
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
  private(set) var number = 0

  init(_ bytes: ByteView) { self.bytes = bytes }

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
