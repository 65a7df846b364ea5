public import ThimbleArchitecture
public import ThimbleModel
public import ThimbleSystem

/// A sequence of a pass, and what one head is to read of it.
public protocol PassItem {
  associatedtype Reader: Head
  var sequence: SequenceInput { get }
  var query: Reader.Query { get }
  /// Called once, as soon as the head has read.
  func receive(_ reading: Reader.Reading)
}

/// A model that is ready to run: one encoder, the heads that its file has, and passes of sequences through them.
///
/// For one thread at a time, since it uses all of them itself. Whatever else is in a pass, a sequence gets the same bits.
public final class Session {
  /// The file or checkpoint that it was opened from.
  public let path: String
  /// What of the memory goes where; nil for a checkpoint that is run in place.
  public let plan: MemoryPlan?
  /// What lies between texts and token ids.
  public let text: ModelText
  public let encoder: Encoder
  public let heads: [any Head]
  private let weights: any WeightProvider
  private let batch: Batch

  public var configuration: ModelConfiguration { encoder.configuration }
  /// The most tokens of a pass.
  public var capacity: Int { batch.maximumTokens }

  /// - Parameters:
  ///   - needed: a head that must be there, whatever `source` says.
  ///   - pool: the threads to use, which sessions that run in turn may share; nil: threads of its own.
  /// - Throws: `ModelError.head` if it is not.
  public init(
    _ source: ModelSource, needing needed: (any Head.Type)? = nil, on pool: ComputePool? = nil
  ) throws(ModelError) {
    var wanted = source.heads
    if let needed, !wanted.contains(where: { $0 == needed }) { wanted.append(needed) }
    (path, plan, weights) = (source.path, source.plan, source.provider)
    text = ModelText(source)
    let threads: ComputePool
    do throws(SystemError) {
      if let pool { threads = pool } else { threads = try ComputePool(threadCount: source.threads) }
    } catch { throw .system(error) }
    let encoder = try Encoder(
      source.provider, maximumTokens: source.maximumTokens, heads: wanted, source.headSize,
      isCausal: source.isCausal, pool: threads, kernels: source.kernels)
    self.encoder = encoder
    heads = try wanted.map { head throws(ModelError) in
      try head.init(source.provider, on: encoder, source.headSize)
    }
    batch = try Batch(maximumTokens: source.maximumTokens)
  }

  /// The head of type `type`; nil if the model has none.
  public func head<Wanted: Head>(_ type: Wanted.Type) -> Wanted? {
    for head in heads { if let wanted = head as? Wanted { return wanted } }
    return nil
  }

  /// The head of type `type`.
  ///
  /// - Throws: `ModelError.head` if the session was made without it.
  public func required<Wanted: Head>(_ type: Wanted.Type) throws(ModelError) -> Wanted {
    if let head = head(type) { return head }
    throw .head(path: path, reason: "the model was opened without the head that is asked for.")
  }

  /// Runs `items`, whose sequences fit with each other and into one pass, through the encoder and their heads.
  ///
  /// What is read may be NaN: `Head.isFinite` tells.
  public func run(_ items: [any PassItem]) throws(ModelError) {
    var packer = BatchPacker<any PassItem>(batch)
    for item in items { try packer.append(item.sequence, item) }
    try run(packer)
  }

  /// What `Reader` reads of each of `inputs`, in order, in as many passes as they need.
  ///
  /// - Throws: `ThimbleError.model`; among its errors `.notFinite`.
  public func read<Reader: Head>(
    _ type: Reader.Type, _ inputs: [(sequence: SequenceInput, query: Reader.Query)]
  ) throws(ThimbleError) -> [Reader.Reading] {
    let items = inputs.map { Item<Reader>(sequence: $0.sequence, query: $0.query) }
    do throws(ModelError) {
      var packer = BatchPacker<any PassItem>(batch)
      for item in items {
        if !packer.fits(item.sequence) {
          try run(packer)
          packer.removeAll()
        }
        try packer.append(item.sequence, item)
      }
      if !packer.isEmpty { try run(packer) }
    } catch { throw .model(error) }
    let readings = items.compactMap(\.reading)
    guard readings.allSatisfy(Reader.isFinite) else { throw .model(.notFinite(path: path)) }
    return readings
  }

  private func run(_ packer: BatchPacker<any PassItem>) throws(ModelError) {
    // The rows whose last hidden states are read, and where those of each item are among them.
    var kept: [Int] = []
    let places = packer.tags.enumerated().map { index, item in
      let (rows, start) = (batch.rows(ofSequence: index), kept.count)
      kept += wantedRows(item).map { $0.map { rows.lowerBound + $0 } } ?? Array(rows)
      return start..<kept.count
    }
    try encoder.encode(batch, keeping: kept)
    for head in heads { try head.serve(packer.tags, places) }
  }

  /// Runs the smallest pass through every head, which shows whether the model works and decodes what is pinned.
  ///
  /// - Throws: `ModelError`, among them `notFinite` if anything it yields is not a finite number.
  public func probe() throws(ModelError) {
    for head in heads { try probe(head) }
  }

  private func probe<Probed: Head>(_ head: Probed) throws(ModelError) {
    let ids = configuration.specialIDs
    let item = Item<Probed>(
      sequence: SequenceInput(ids: [ids.end, ids.mask, ids.end]),
      query: Probed.probe)
    try run([item])
    guard item.reading.map(Probed.isFinite) ?? false else { throw .notFinite(path: path) }
  }

  /// Keeps no more decoded weights than `byteCount` until it is called again; the others are decoded at each use. Of no
  /// effect on a checkpoint, whose weights stay in its file.
  public func keepPinned(atMost byteCount: Int) {
    (weights as? FileWeights)?.keepPinned(atMost: byteCount)
  }
}

/// An item that keeps what was read.
private final class Item<Reader: Head>: PassItem {
  let sequence: SequenceInput
  let query: Reader.Query
  private(set) var reading: Reader.Reading?

  init(sequence: SequenceInput, query: Reader.Query) {
    (self.sequence, self.query) = (sequence, query)
  }

  func receive(_ reading: Reader.Reading) { self.reading = reading }
}

private func wantedRows<Wanting: PassItem>(_ item: Wanting) -> [Int]? {
  Wanting.Reader.rows(of: item.query)
}

extension Head {
  /// Reads those of `items` that are its own; the others are for other heads.
  fileprivate func serve(
    _ items: [any PassItem], _ places: [Range<Int>]
  ) throws(ModelError) {
    var own: [(query: Query, rows: Range<Int>)] = []
    var receivers: [any PassItem] = []
    for (item, rows) in zip(items, places) {
      guard let query = query(of: item) else { continue }
      own.append((query, rows))
      receivers.append(item)
    }
    guard !own.isEmpty else { return }
    try read(own) { index, reading in deliver(reading, to: receivers[index]) }
  }

  private func query<Wanting: PassItem>(of item: Wanting) -> Query? {
    Wanting.Reader.self == Self.self ? item.query as? Query : nil
  }

  private func deliver<Wanting: PassItem>(_ reading: Reading, to item: Wanting) {
    if let reading = reading as? Wanting.Reader.Reading { item.receive(reading) }
  }
}
