internal import ThimbleSystem

extension EvaluationText {
  /// The first and the second half of every language, so that what one half taught is measured on
  /// another. A language of one sentence is in both.
  public func halves() -> (first: EvaluationText, second: EvaluationText) {
    let pairs = languages.map { $0.halves() }
    return (
      EvaluationText(languages: pairs.map(\.first)), EvaluationText(languages: pairs.map(\.second))
    )
  }

  private init(languages: [Language]) { self.languages = languages }
}

extension EvaluationText.Language {
  fileprivate func halves() -> (first: Self, second: Self) {
    guard sentenceCount > 1 else { return (self, self) }
    var lines = Lines(bytes)
    for _ in 0..<sentenceCount / 2 { _ = lines.next() }
    let count = sentenceCount / 2
    return (
      Self(self, bytes: bytes[0..<lines.position], sentenceCount: count, linesBefore: linesBefore),
      Self(
        self, bytes: bytes[lines.position..<bytes.count], sentenceCount: sentenceCount - count,
        linesBefore: linesBefore + lines.number)
    )
  }

  private init(_ whole: Self, bytes: ByteView, sentenceCount: Int, linesBefore: Int) {
    name = whole.name
    code = whole.code
    path = whole.path
    self.bytes = bytes
    self.sentenceCount = sentenceCount
    self.linesBefore = linesBefore
  }
}
