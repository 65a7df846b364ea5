internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleOps
internal import ThimbleSystem

/// All activations of a forward pass, sized once for the largest batch.
///
/// Pages of it that no batch has touched are not resident: a short sentence costs little even in a large workspace.
final class Workspace {
  /// The residual stream: [tokens, width].
  let hidden: FloatRows
  let query: FloatRows
  let key: FloatRows
  let value: FloatRows
  /// Attention's result before its output projection: [tokens, width].
  let context: FloatRows
  /// What a block adds to the residual stream: [tokens, width].
  let update: FloatRows
  /// Where `query` to `update` lie, and behind the last layer what a head borrows.
  let shared: AlignedArray<Float>
  /// Quantised form of rows of `hidden` or `context`.
  let quantized: QuantizedRows
  /// Quantised form of what is between the layers of a feed-forward block: [tokens, 4 width].
  let quantizedFeedForward: QuantizedRows
  /// Rows of input that were rounded to int8 and back; only for weights that ask for it.
  let rounded: FloatRows?
  /// Scratch of each worker's attention.
  let attention: [AlignedArray<Float>]
  /// What is between the layers of a feed-forward block as fp32, and as the tile of each worker: made by the first
  /// layer that needs it.
  private var feedForward: FloatRows?
  private var tiles: [AlignedArray<Float>] = []

  init(
    _ configuration: ModelConfiguration, maximumTokens: Int, lent: Int,
    activations: ActivationPrecision, workers: Int, roundsInput: Bool
  ) throws(SystemError) {
    let width = configuration.embeddingSize
    hidden = try FloatRows(rows: maximumTokens, width: width)
    let shared = try AlignedArray<Float>(
      count: Self.sharedByteCount(
        configuration, maximumTokens: maximumTokens, lent: lent) / 4)
    self.shared = shared
    let size = maximumTokens * hidden.stride
    func rows(_ index: Int) -> FloatRows {
      FloatRows(rows: maximumTokens, width: width, in: shared, at: index * size)
    }
    query = rows(0)
    key = rows(1)
    value = rows(2)
    context = rows(3)
    update = rows(4)
    quantized = try QuantizedRows(
      rows: maximumTokens, k: PanelGeometry.paddedColumns(width), precision: activations)
    quantizedFeedForward = try QuantizedRows(
      rows: maximumTokens, k: PanelGeometry.paddedColumns(configuration.feedForwardSize),
      precision: activations)
    rounded =
      roundsInput
      ? try FloatRows(rows: maximumTokens, width: configuration.feedForwardSize) : nil
    let longest = min(maximumTokens, configuration.maxPositions)
    var attention: [AlignedArray<Float>] = []
    for _ in 0..<workers {
      attention.append(
        try AlignedArray(
          count: KernelTable.attentionScratch(length: longest, headDim: configuration.headSize)))
    }
    self.attention = attention
  }

  /// Rows between the layers of a feed-forward block, [tokens, width]: the same for all layers.
  func feedForward(width: Int) throws(SystemError) -> FloatRows {
    if let feedForward { return feedForward }
    let rows = try FloatRows(rows: hidden.rows, width: width)
    feedForward = rows
    return rows
  }

  /// For each worker, at least `count` values.
  func tiles(count: Int) throws(SystemError) -> [AlignedArray<Float>] {
    guard tiles.first.map({ $0.count < count }) ?? true else { return tiles }
    var larger: [AlignedArray<Float>] = []
    for _ in attention { larger.append(try AlignedArray(count: count)) }
    tiles = larger
    return larger
  }

  private static func sharedByteCount(
    _ configuration: ModelConfiguration, maximumTokens: Int, lent: Int
  ) -> Int {
    max(5 * FloatRows.byteCount(rows: maximumTokens, width: configuration.embeddingSize), lent)
  }

  /// Bytes that a workspace takes when all of it is used.
  ///
  /// - Parameters:
  ///   - weights: says what lies between the layers of feed-forward blocks.
  ///   - lent: what heads borrow.
  static func byteCount(
    _ configuration: ModelConfiguration, weights: FeedForwardShapes, maximumTokens: Int,
    lent: Int, activations: ActivationPrecision, workers: Int
  ) -> Int {
    let (width, inner) = (configuration.embeddingSize, configuration.feedForwardSize)
    let longest = min(maximumTokens, configuration.maxPositions)
    let tile =
      weights.tiles.map {
        ActivatedLinear.tileSize(
          panels: $0.panels, chunkCount: $0.chunks, maximumRows: maximumTokens)
      }.max() ?? 0
    return FloatRows.byteCount(rows: maximumTokens, width: width)
      + sharedByteCount(
        configuration, maximumTokens: maximumTokens, lent: lent)
      + QuantizedRows.byteCount(rows: maximumTokens, columns: width, precision: activations)
      + QuantizedRows.byteCount(rows: maximumTokens, columns: inner, precision: activations)
      + (weights.isFloat ? FloatRows.byteCount(rows: maximumTokens, width: inner) : 0)
      + 4 * workers
      * (tile + KernelTable.attentionScratch(length: longest, headDim: configuration.headSize))
  }
}

/// How a file stores the layers of its feed-forward blocks, as far as it decides what a workspace holds.
struct FeedForwardShapes {
  /// The ways in which first layers are cut: panels of a chunk, and chunks.
  private(set) var tiles: Set<Tile> = []
  /// Whether some layer is fp32, so that rows between two layers are.
  private(set) var isFloat = false

  struct Tile: Hashable {
    let panels: Int
    let chunks: Int
  }

  init(_ configuration: ModelConfiguration, _ file: ThimbleFile) {
    for slots in configuration.encoderSlots.layers {
      let inner = file.tensor(named: slots.inner.weight.name)?.shape
      let outer = file.tensor(named: slots.outer.weight.name)?.shape
      if let inner, inner.kind == .q8b64 {
        tiles.insert(Tile(panels: inner.panels(ofChunk: 0).count, chunks: inner.chunkCount))
      }
      isFloat = isFloat || inner?.kind == .f32 || outer?.kind == .f32
    }
  }
}
