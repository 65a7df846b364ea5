internal import Synchronization
public import ThimbleSystem

extension ThimbleFile {
  /// Checks every rule of Formats/thimble.md that opening has not checked: all hashes, all encodings, all codes.
  ///
  /// - Parameter progress: called with the number of bytes verified so far, from any thread, one call at a time.
  /// - Returns: what is wrong, in file order; empty if the file is sound.
  public func verify(
    pool: ComputePool, kernels: KernelTable, progress: @Sendable (_ bytes: Int) -> Void = { _ in }
  ) throws(FormatError) -> [FormatError] {
    let workers: [VerificationScratch]
    do {
      workers = try (0..<pool.threadCount).map { _ in
        try VerificationScratch(largestChunk: largestChunk, kernels: kernels)
      }
    } catch let error as SystemError { throw .system(error) } catch {
      throw .system(.outOfMemory(byteCount: 0))
    }
    let found = Mutex<[(chunk: Int, error: FormatError)]>([])
    let done = Mutex(0)
    for tensor in tensors {
      pool.run(count: tensor.shape.chunkCount) { chunk, worker in
        do throws(FormatError) {
          try workers[worker].verify(chunk: chunk, of: tensor, in: self)
        } catch {
          found.withLock { $0.append((tensor.firstChunk + chunk, error)) }
        }
        let size = self.chunk(tensor.firstChunk + chunk).size
        done.withLock {
          $0 += size
          progress($0)
        }
      }
      advise(.dontNeed, chunks: tensor.chunks)
    }
    var errors = found.withLock { $0 }.sorted { $0.chunk < $1.chunk }.map(\.error)
    do { try checkOutsideChunks() } catch { errors.append(error) }
    return errors
  }
}

/// What one thread needs to verify chunks.
private final class VerificationScratch: @unchecked Sendable {
  // Unchecked: each worker of the pool has its own.
  private let decoder: ChunkDecoder
  private let codes: AlignedArray<UInt8>
  private let scaleCodes: AlignedArray<UInt8>

  init(largestChunk: Int, kernels: KernelTable) throws(SystemError) {
    decoder = try ChunkDecoder(largestChunk: largestChunk, kernels: kernels)
    codes = try AlignedArray(count: largestChunk)
    scaleCodes = try AlignedArray(count: PanelGeometry.scaleCount(codes: largestChunk))
  }

  func verify(chunk: Int, of tensor: TensorRecord, in file: ThimbleFile) throws(FormatError) {
    let isQuantised = tensor.shape.kind == .q8b64
    try decoder.decode(
      chunk: chunk, of: tensor, in: file, into: codes, at: 0,
      scaleCodes: isQuantised ? scaleCodes : nil, at: 0)
    let rule =
      isQuantised ? brokenRuleOfCodes(chunk, tensor.shape) : brokenRuleOfValues(chunk, tensor.shape)
    if let rule {
      throw .invalid(
        path: file.path, part: file.name(ofChunk: tensor.firstChunk + chunk), rule: rule)
    }
  }

  private func brokenRuleOfCodes(_ chunk: Int, _ shape: TensorShape) -> String? {
    let k = shape.paddedColumns
    return codes.withSpan(0..<shape.codesSize(ofChunk: chunk)) { span in
      for index in span.indices where span[index] == 0 { return "byte \(index) of the codes is 0" }
      let lanes = PanelGeometry.panelRows
      for (index, panel) in shape.panels(ofChunk: chunk).enumerated() {
        let rows = min(lanes, shape.rows - panel * lanes)
        guard rows < lanes || k > shape.columns else { continue }
        for column in 0..<k {
          for lane in (column < shape.columns ? rows : 0)..<lanes
          where span[
            index * lanes * k + PanelGeometry.codeIndex(lane: lane, column: column)] != 128
          {
            return "the padding at row \(panel * lanes + lane), column \(column) is not 128"
          }
        }
      }
      return nil
    }
  }

  private func brokenRuleOfValues(_ chunk: Int, _ shape: TensorShape) -> String? {
    ByteView(codes)[0..<shape.codesSize(ofChunk: chunk)]
      .brokenRuleOfValues(from: chunk * Layout.valuesPerChunk)
  }
}

extension ByteView {
  /// What is wrong with fp32 values, little-endian, the first of which has the index `first` in its tensor; nil if nothing is.
  func brokenRuleOfValues(from first: Int) -> String? {
    for index in 0..<count / 4
    where !Float(bitPattern: load(at: 4 * index, as: UInt32.self)).isFinite {
      return "value \(first + index) is not finite"
    }
    return nil
  }
}
