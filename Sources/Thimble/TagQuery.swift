internal import ThimbleArchitecture
public import ThimbleModel
internal import ThimbleText

/// A text whose tokens are to be labelled, made ready for passes.
public struct TagQuery: Sendable {
  /// The sequences, and what is to be read of each: one, or the windows of a long text.
  public let items: [(sequence: SequenceInput, query: TokenClassifier.Query)]
  private let windows: [Range<Int>]
  /// The tokens that are labelled: their ids and what of the text they are.
  private let tokens: [(id: Int, bytes: Range<Int>?)]
  private let pieces: TextPieces?
  private let options: TagOptions
  private let text: ModelText

  /// - Throws: `ThimbleError`; `.stride` if windows would share all that they hold. A text without tokens has an empty answer.
  public init(
    _ string: String, _ options: TagOptions = TagOptions(), with texts: TextEncoder
  ) throws(ThimbleError) {
    let text = texts.text
    guard let tables = text.tables else { throw .noTokenizer(path: text.path) }
    let language = try text.languageID(options.text.language)
    var tokens: [Token]
    var windows: [Range<Int>]
    if let stride = options.stride {
      tokens = try texts.inner(string, options.text)
      let room = text.longestText - 2
      guard 0..<max(room, 0) ~= stride else { throw .stride(stride, room: room) }
      windows = TextWindows.ranges(count: tokens.count, length: room, overlap: stride)
    } else {
      tokens = []
      try texts.encode(
        string.utf8.span, options.text.encoding, truncates: options.text.truncates, into: &tokens)
      tokens.removeAll(where: \.isAdded)
      windows = [tokens.indices]
    }
    self.windows = windows
    items = windows.filter { !$0.isEmpty }.map { window in
      (
        SequenceInput(
          tokens[window], pairedWith: nil as [Token]?, options.text, tables, language: language),
        .init(1..<window.count + 1)
      )
    }
    self.tokens = tokens.map { ($0.id, $0.range) }
    pieces = TextPieces(string)
    (self.options, self.text) = (options, text)
  }

  /// - Parameter ids: ends included, which are not labelled. `TagOptions.stride` is not heeded.
  /// - Throws: `ThimbleError`.
  public init(
    ids: [Int], _ options: TagOptions = TagOptions(), with texts: TextEncoder
  ) throws(ThimbleError) {
    let special = texts.text.configuration.specialIDs
    let sequence = try texts.input(ids: ids, options.text)
    let ends = [special.beginning, special.end].map { Int32($0) }
    let first = ends.contains(sequence.ids[0]) ? 1 : 0
    let last = sequence.ids.count - (sequence.ids.last.map(ends.contains) ?? false ? 1 : 0)
    let range = first..<max(first, last)
    windows = [0..<range.count]
    items = range.isEmpty ? [] : [(sequence, .init(range))]
    tokens = sequence.ids[range].map { (Int($0), nil) }
    pieces = nil
    (self.options, text) = (options, texts.text)
  }

  /// The tokens of all sequences.
  public var cost: Int { items.reduce(0) { $0 + $1.sequence.ids.count } }
  /// Of the text, without ends.
  public var ids: [Int] { tokens.map(\.id) }

  /// The probability of every label for each token of the text, from `readings`, one for each of `items`.
  ///
  /// A token that several windows hold has those of the one in which it is farthest from the edges.
  private func labelled(_ readings: some Collection<TokenClassifier.Reading>) -> [LabelledToken] {
    let readings = Array(readings)
    let count = text.configuration.labels.count
    var window = 0
    return tokens.indices.map { token in
      while window + 1 < windows.count, isBetter(window + 1, than: window, for: token) {
        window += 1
      }
      let place = token - windows[window].lowerBound
      return LabelledToken(
        index: items[window].query.tokens.lowerBound + place, bytes: tokens[token].bytes,
        endsWord: text.endsWord(tokens[token].id),
        probabilities: softmax(readings[window][place * count..<(place + 1) * count]))
    }
  }

  private func isBetter(_ next: Int, than window: Int, for token: Int) -> Bool {
    func distance(_ window: Int) -> Int {
      min(token - windows[window].lowerBound, windows[window].upperBound - 1 - token)
    }
    return distance(next) > distance(window)
  }

  /// The entities that `readings`, one for each of `items`, come to.
  public func answer(_ readings: some Collection<TokenClassifier.Reading>) -> [Entity] {
    let tokens = labelled(readings)
    let grouping = EntityGrouping(
      labels: text.configuration.labels, aggregation: options.aggregation)
    return grouping.groups(tokens).filter { !options.ignored.contains($0.label) }.map { group in
      Entity(
        label: group.label, score: group.score,
        text: group.bytes.flatMap { pieces?.part($0) } ?? spelling(group.tokens),
        bytes: group.bytes, scalars: group.bytes.flatMap { pieces?.scalars($0) },
        index: options.aggregation == .none ? tokens[group.tokens.lowerBound].index : nil)
    }
  }

  private func spelling(_ range: Range<Int>) -> String {
    range.map { text.text(of: tokens[$0].id) }.joined()
  }
}

/// Labels the words of texts, such as names of persons and places, by a model that was fine-tuned for it.
///
///     let tagger = try Tagger(.file("ner.thimble"))
///     let entities = try tagger.tag("Marie Curie was born in Warsaw.")
public final class Tagger {
  public let session: Session
  /// Makes inputs of texts.
  public let texts: TextEncoder

  /// - Throws: `ModelError.head` if the model has no head for tokens.
  public init(_ source: ModelSource) throws {
    session = try Session(source, needing: TokenClassifier.self)
    texts = TextEncoder(session.text)
  }

  /// The entities of `text`, in order.
  public func tag(
    _ text: String, _ options: TagOptions = TagOptions()
  ) throws(ThimbleError) -> [Entity] {
    try tag(TagQuery(text, options, with: texts))
  }

  public func tag(_ query: TagQuery) throws(ThimbleError) -> [Entity] {
    query.answer(try session.read(TokenClassifier.self, query.items))
  }
}
