internal import Synchronization
internal import ThimbleFormat
internal import ThimbleOps
internal import ThimbleSystem

/// A quantised matrix of a .thimble file. Its first chunks are pinned: decoded at their first use and kept. The
/// others are streamed: decoded into the worker's scratch at every use.
final class FileMatrix: PanelSource, @unchecked Sendable {
  // Unchecked: the rules of `PanelSource` keep workers apart. Each has its own scratch, and a pinned chunk is
  // written by the one worker that has it in hand.
  private let file: ThimbleFile
  private let tensor: TensorRecord
  private let scratch: [WorkerScratch]
  private let steps: StepTable
  /// The first chunks of the tensor that are kept, where their codes are, and which have been decoded.
  private let pinnedCount: Int
  private let pinned: PinnedCodes
  private let pinnedOffset: Int
  private let isDecoded: AlignedArray<UInt8>
  private let dropsPages: Bool
  /// Whether the kernel has been asked to read the streamed chunks.
  private var wasRead = false
  let columnFactors: AlignedArray<Float>?

  /// - Parameters:
  ///   - pinnedCount: how many chunks to keep, from the first.
  ///   - pinned: where they are kept.
  ///   - pinnedOffset: the first of their codes there.
  ///   - scratch: one for each worker.
  ///   - dropsPages: whether mapped pages are given back after use.
  init(
    _ tensor: TensorRecord, of file: ThimbleFile, pinnedCount: Int, in pinned: PinnedCodes,
    at pinnedOffset: Int, scratch: [WorkerScratch], columnFactors: AlignedArray<Float>?,
    dropsPages: Bool
  ) throws(SystemError) {
    precondition(tensor.shape.kind == .q8b64)
    self.file = file
    self.tensor = tensor
    self.scratch = scratch
    self.pinnedCount = pinnedCount
    self.columnFactors = columnFactors
    self.dropsPages = dropsPages
    steps = StepTable(step: tensor.shape.step)
    self.pinned = pinned
    self.pinnedOffset = pinnedOffset
    isDecoded = try AlignedArray(count: pinnedCount)
  }

  var rows: Int { tensor.shape.rows }
  var columns: Int { tensor.shape.columns }
  var precision: WeightPrecision { .int8 }
  var chunkCount: Int { tensor.shape.chunkCount }

  func panels(ofChunk chunk: Int) -> Range<Int> { tensor.shape.panels(ofChunk: chunk) }

  func group(ofRow row: Int) -> Int {
    PanelGeometry.place(ofRow: row).panel / tensor.shape.panelsPerChunk
  }

  func load(chunk: Int, worker: Int) throws(WeightError) -> LoadedPanels {
    .int8(try codes(ofChunk: chunk, worker: worker))
  }

  func copyRow(
    _ row: Int, into values: AlignedArray<Float>, at offset: Int, worker: Int
  ) throws(WeightError) {
    let chunk = group(ofRow: row)
    let panels = try codes(ofChunk: chunk, worker: worker)
    let place = PanelGeometry.place(ofRow: row)
    scratch[worker].kernels.dequantizeQ8(
      panels.following(place.panel - chunk * tensor.shape.panelsPerChunk), row: place.lane,
      columns: columns, columnFactors: columnFactors?.from(0), into: values.from(offset))
  }

  func willUse() {
    // Pages that stay mapped need not be read again; to ask for them costs a look at each.
    guard dropsPages || !wasRead else { return }
    wasRead = true
    file.advise(
      .willNeed, chunks: tensor.firstChunk + pinnedCount..<tensor.chunks.upperBound)
  }

  func didUse() {
    guard dropsPages else { return }
    file.advise(.dontNeed, chunks: tensor.chunks)
  }

  /// Forgets the pinned chunks that begin at or behind `end`. Not while the matrix is used.
  func forget(from end: Int) {
    for chunk in 0..<pinnedCount
    where pinnedOffset + chunk * tensor.shape.codesSize(ofChunk: 0) >= end {
      isDecoded[chunk] = 0
    }
  }

  private func codes(ofChunk chunk: Int, worker: Int) throws(WeightError) -> Q8Panel {
    let scratch = scratch[worker]
    do {
      // Every chunk but the last has the same size.
      let offset = pinnedOffset + chunk * tensor.shape.codesSize(ofChunk: 0)
      if chunk < pinnedCount, offset < pinned.end {
        if isDecoded[chunk] == 0 {
          try scratch.decoder.decode(
            chunk: chunk, of: tensor, in: file, into: pinned.codes, at: offset,
            scaleCodes: pinned.scaleCodes, at: PanelGeometry.scaleCount(codes: offset))
          isDecoded[chunk] = 1
        }
        return Q8Panel(
          codes: pinned.codes.from(offset),
          scaleCodes: pinned.scaleCodes.from(PanelGeometry.scaleCount(codes: offset)),
          steps: steps, k: tensor.shape.paddedColumns, next: .followingCodes)
      }
      if scratch.holding != tensor.firstChunk + chunk {
        scratch.holding = nil
        try scratch.decoder.decode(
          chunk: chunk, of: tensor, in: file, into: scratch.codes, at: 0,
          scaleCodes: scratch.scaleCodes, at: 0)
        scratch.holding = tensor.firstChunk + chunk
      }
      // A worker's chunks follow each other, as a rule.
      let next = tensor.firstChunk + chunk + 1
      return Q8Panel(
        codes: scratch.codes.from(0), scaleCodes: scratch.scaleCodes.from(0), steps: steps,
        k: tensor.shape.paddedColumns,
        next: next < file.chunkCount ? .bytes(file.storedBytes(ofChunk: next)) : .nothing)
    } catch { throw WeightError(error.description) }
  }
}

/// The codes of all pinned chunks of a file, in its order.
final class PinnedCodes: Sendable {
  let codes: AlignedArray<UInt8>
  let scaleCodes: AlignedArray<UInt8>
  private let limit = Atomic(Int.max)

  /// Chunks whose codes would begin here or behind are not kept for now.
  var end: Int { limit.load(ordering: .relaxed) }

  init(codeCount: Int) throws(SystemError) {
    codes = try AlignedArray(count: codeCount, pages: .huge)
    scaleCodes = try AlignedArray(count: PanelGeometry.scaleCount(codes: codeCount), pages: .huge)
  }

  /// Keeps only chunks that begin before `end`, and have at most `largestChunk` codes. The memory of the others goes back to
  /// the system.
  func keep(to end: Int, largestChunk: Int) {
    limit.store(end, ordering: .relaxed)
    guard end < codes.count - largestChunk else { return }
    codes.giveBack(from: end + largestChunk)
    scaleCodes.giveBack(from: PanelGeometry.scaleCount(codes: end + largestChunk))
  }
}

/// What one worker needs to use chunks of a file.
final class WorkerScratch {
  let kernels: KernelTable
  let decoder: ChunkDecoder
  let codes: AlignedArray<UInt8>
  let scaleCodes: AlignedArray<UInt8>
  /// The file's chunk whose codes are in `codes`, if any.
  var holding: Int?

  init(largestChunk: Int, kernels: KernelTable) throws(SystemError) {
    self.kernels = kernels
    decoder = try ChunkDecoder(largestChunk: largestChunk, kernels: kernels)
    codes = try AlignedArray(count: largestChunk)
    scaleCodes = try AlignedArray(count: PanelGeometry.scaleCount(codes: largestChunk))
  }
}
