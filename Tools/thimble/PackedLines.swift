internal import ArgumentParser
internal import Thimble
internal import ThimbleModel
internal import ThimbleSystem

/// How texts share passes; the same for every command that runs a model over them.
struct PassOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most tokens that are computed together, texts that wait together: more is faster for many texts and takes more memory. No text may have more. (default: as many as the longest text of the model)",
      valueName: "tokens"))
  var passTokens: Int?

  func validate() throws {
    if let passTokens, !(16...(1 << 16)).contains(passTokens) {
      throw ValidationError("--pass-tokens \(passTokens): must be 16 to \(1 << 16).")
    }
  }

  /// `run` with the size of passes that is wanted.
  func sizing(_ run: RunOptions) -> RunOptions {
    var run = run
    run.maximumTokens = passTokens
    return run
  }
}

/// A text that is ready for passes: its sequences, and what is printed when they have been read.
struct PreparedText<Reader: Head> {
  let items: [(sequence: SequenceInput, query: Reader.Query)]
  /// - Parameter readings: one for each of `items`.
  let answer: (_ readings: [Reader.Reading]) throws -> String

  var tokenCount: Int { items.reduce(0) { $0 + $1.sequence.ids.count } }
}

extension LineOptions {
  /// As `forEach`, but texts that are there already share passes of `session`, and those that come slowly are answered at once.
  /// Each gets the answer that it gets alone, to the bit.
  @discardableResult
  func forEach<Reader: Head>(
    _ texts: [String], in session: Session,
    prepare: (InputText) throws -> PreparedText<Reader>,
    orElse fail: @escaping (InputText, _ message: String) throws -> String
  ) throws -> Int {
    var source = TextSource(texts, longestLine: 1 << 20)
    var packed = PackedTexts<Reader>(session, stopsAtFailure: onError == .stop, fail: fail)
    var count = 0
    while !packed.isOver, let (text, unread) = try source.next() {
      count += 1
      packed.add(
        text, Result { if let unread { throw unread } else { try prepare(text) } })
      if try packed.isFull || !source.isReady() { try packed.flush() }
    }
    try packed.flush()
    if let failure = packed.failure { throw failure }
    return count
  }
}

/// Texts that wait for a pass, with those that have failed in their places.
private struct PackedTexts<Reader: Head> {
  /// The exit code of the first failure.
  private(set) var failure: ExitCode?
  /// Whether no further text is to be answered.
  private(set) var isOver = false
  private let session: Session
  private let stopsAtFailure: Bool
  private let fail: (InputText, String) throws -> String
  private var waiting: [(text: InputText, prepared: Result<PreparedText<Reader>, any Error>)] = []
  private var tokenCount = 0

  /// Passes that are filled before anything is printed: few enough for answers to flow, enough for the last to be full.
  private static var passes: Int { 4 }
  /// Failed texts have no tokens, and are not to pile up.
  private static var mostTexts: Int { 1024 }

  init(
    _ session: Session, stopsAtFailure: Bool,
    fail: @escaping (InputText, _ message: String) throws -> String
  ) {
    (self.session, self.stopsAtFailure, self.fail) = (session, stopsAtFailure, fail)
  }

  var isFull: Bool {
    tokenCount >= Self.passes * session.capacity || waiting.count >= Self.mostTexts
  }

  mutating func add(_ text: InputText, _ prepared: Result<PreparedText<Reader>, any Error>) {
    waiting.append((text, prepared))
    switch prepared {
    case .success(let prepared): tokenCount += prepared.tokenCount
    case .failure: isOver = stopsAtFailure
    }
  }

  /// Answers all that wait, in order.
  mutating func flush() throws {
    defer { (waiting, tokenCount) = ([], 0) }
    var readings = try readTogether()?[...]
    for (text, prepared) in waiting {
      do {
        let prepared = try prepared.get()
        let own: [Reader.Reading]
        if let together = readings {
          own = Array(together.prefix(prepared.items.count))
          readings = together.dropFirst(own.count)
        } else {
          own = try session.read(Reader.self, prepared.items)
        }
        try StandardStream.output.write(try prepared.answer(own))
      } catch  where !endsRun(error) {
        report(error, at: text.place)
        failure = failure ?? ExitCode(Failure(error).rawValue)
        try StandardStream.output.write(try fail(text, explanation(of: error)))
        if stopsAtFailure {
          isOver = true
          return
        }
      }
    }
  }

  /// What is read of all sequences that wait; nil if something is wrong with one of them, which then is to fail alone.
  private func readTogether() throws -> [Reader.Reading]? {
    var items: [(sequence: SequenceInput, query: Reader.Query)] = []
    for case (_, .success(let prepared)) in waiting { items += prepared.items }
    var progress = Progress("Computing", unit: .items("sequences"), total: items.count)
    defer { progress.finish() }
    var readings: [Reader.Reading] = []
    while readings.count < items.count {
      let part = part(of: items, from: readings.count)
      do throws(ThimbleError) {
        let more = try session.read(Reader.self, part)
        readings += more
      } catch {
        if endsRun(error) { throw error }
        return nil
      }
      progress.update(readings.count)
    }
    return readings
  }

  /// As many of `items` as fill some passes.
  private func part(
    of items: [(sequence: SequenceInput, query: Reader.Query)], from start: Int
  ) -> [(sequence: SequenceInput, query: Reader.Query)] {
    var (end, tokens) = (start, 0)
    while end < items.count, end == start || tokens < Self.passes * session.capacity {
      tokens += items[end].sequence.ids.count
      end += 1
    }
    return Array(items[start..<end])
  }
}
