internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleRounding
internal import ThimbleSystem

/// How each tensor of a source is cut and stored, whatever its step will be.
struct ChunkPlan {
  let source: ConversionSource
  let calibration: RoundingGuide?
  /// One a tensor; the step is 1 and to be replaced.
  let shapes: [TensorShape]
  /// Where tensors with column factors stand, by name.
  private let places: [String: Int]
  /// All chunks, in the order of the file.
  let chunks: [ChunkPlace]

  init(
    _ source: ConversionSource, calibration: RoundingGuide? = nil
  ) throws(ConvertError) {
    self.source = source
    self.calibration = calibration
    var shapes: [TensorShape] = []
    var chunks: [ChunkPlace] = []
    for (index, tensor) in source.tensors.enumerated() {
      let shape = try Self.shape(of: tensor)
      chunks += (0..<shape.chunkCount).map { ChunkPlace(tensor: index, chunk: $0) }
      shapes.append(shape)
    }
    self.shapes = shapes
    let factors = source.tensors.indices.filter { source.tensors[$0].tensor.role == .columnFactors }
    places = Dictionary(factors.map { (source.tensors[$0].name, $0) }) { $1 }
    self.chunks = chunks
  }

  /// How to round the matrix `tensor`, if it was calibrated.
  func calibration(of tensor: Int) -> RoundingGuide.Matrix? {
    calibration?[source.tensors[tensor].name]
  }

  /// The tensor that holds the column factors of `tensor`, if it has any.
  func indexOfColumnFactors(of tensor: Int) -> Int? {
    guard isQuantised(tensor), let name = calibration(of: tensor)?.columnFactors?.tensor.name else {
      return nil
    }
    return places[name]
  }

  /// The most bytes that a chunk decodes to.
  var largestChunk: Int { shapes.map { $0.codesSize(ofChunk: 0) }.max() ?? 0 }

  func isQuantised(_ tensor: Int) -> Bool { shapes[tensor].kind == .q8b64 }

  /// The rows that chunk `place` holds, of a quantised tensor.
  func rows(of place: ChunkPlace) -> Range<Int> {
    let (shape, height) = (shapes[place.tensor], PanelGeometry.panelRows)
    let panels = shape.panels(ofChunk: place.chunk)
    return height * panels.lowerBound..<min(height * panels.upperBound, shape.rows)
  }

  /// Where the weights of chunk `place` lie in the bytes of their tensor.
  func sourceBytes(of place: ChunkPlace) -> Range<Int> {
    let tensor = source.tensors[place.tensor]
    let size = tensor.elementType.byteCount
    if isQuantised(place.tensor) {
      let (rows, rowSize) = (rows(of: place), tensor.columns * size)
      return rows.lowerBound * rowSize..<rows.upperBound * rowSize
    }
    let first = place.chunk * Layout.valuesPerChunk
    return first * size..<min(first + Layout.valuesPerChunk, tensor.weightCount) * size
  }

  /// Tells the kernel something about the weights of the chunks `indices`.
  func advise(_ advice: MappedFile.Advice, chunks indices: Range<Int>) {
    var rest = chunks[indices]
    while let first = rest.first {
      // The chunks of one tensor are neighbours, in its bytes too.
      let end = rest.firstIndex { $0.tensor != first.tensor } ?? rest.endIndex
      let bytes = sourceBytes(of: first).lowerBound..<sourceBytes(of: rest[end - 1]).upperBound
      source.tensors[first.tensor].bytes[bytes].advise(advice)
      rest = rest[end...]
    }
  }

  /// Lets go of the pages of chunk `place`'s weights, which else pile up as resident memory.
  func release(_ place: ChunkPlace) {
    source.tensors[place.tensor].bytes[sourceBytes(of: place)].advise(.dontNeed)
  }

  /// The size of the file if tensor `i` takes `tensorSizes[i]` bytes.
  func fileSize(tensorSizes: [Int]) -> Int {
    ThimbleWriter.fileSize(
      configurationSize: source.configuration.count, tokenizerSize: source.tokenizer.count,
      shapes: shapes, tensorSizes: tensorSizes)
  }

  private static func shape(of tensor: SourceTensor) throws(ConvertError) -> TensorShape {
    let isMatrix = tensor.tensor.shape.count == 2
    // Below two panels padding costs more than quantising saves.
    guard isMatrix, tensor.rows >= 2 * PanelGeometry.panelRows else {
      return .f32(name: tensor.name, rows: isMatrix ? tensor.rows : nil, columns: tensor.columns)
    }
    guard tensor.columns <= Layout.maximumColumns else {
      throw .tooWide(
        tensor: tensor.name, columns: tensor.columns, limit: Layout.maximumColumns)
    }
    return .q8b64(
      name: tensor.name, rows: tensor.rows, columns: tensor.columns,
      panelsPerChunk: panelsPerChunk(rows: tensor.rows, columns: tensor.columns), step: 1)
  }

  /// As many panels as stay in a core's L2 when decoded, but so few that a small matrix still makes
  /// work for eight threads, if that does not make chunks too small to compress well.
  private static func panelsPerChunk(rows: Int, columns: Int) -> Int {
    let panelSize = PanelGeometry.panelSize(columns: columns)
    let panelCount = PanelGeometry.panelCount(rows: rows)
    let largest = max(1, (160 << 10) / panelSize)
    let smallest = ((12 << 10) + panelSize - 1) / panelSize
    let count = min(max(panelCount / 8, smallest), largest, panelCount)
    return count > 1 ? count / 2 * 2 : 1
  }
}

/// One chunk of one tensor, both as indices.
struct ChunkPlace {
  let tensor: Int
  let chunk: Int
}

extension TensorShape {
  /// The same tensor with another step.
  func withStep(_ step: Float) -> TensorShape {
    kind == .f32
      ? self
      : .q8b64(name: name, rows: rows, columns: columns, panelsPerChunk: panelsPerChunk, step: step)
  }
}
