internal import ThimbleFormat
internal import ThimbleSystem

/// Encodes all chunks of a plan and writes them in order.
///
/// The chunks are taken in waves. While the threads encode one wave, one of them first writes the
/// wave before it: writing overlaps encoding, and memory is that of two waves.
final class WaveWriter {
  /// What the file holds of one tensor.
  struct Tally {
    var size = 0
    var distortion = Distortion()
  }

  private let workforce: Workforce
  private let slots: [[ChunkSlot]]

  init(_ workforce: Workforce) throws(SystemError) {
    self.workforce = workforce
    // Long enough that threads seldom wait for the last chunk of a wave; 64 slots are about 10 MB.
    let count = min(16 * workforce.threadCount, 64)
    slots = [try workforce.makeSlots(count), try workforce.makeSlots(count)]
  }

  /// Writes all tensors, each with the step that `step` gives for its index.
  ///
  /// - Parameter progress: called on this thread after each wave, with the source's bytes that are
  ///   done.
  /// - Returns: one a tensor.
  func write(
    to writer: ThimbleWriter, step: (Int) -> Float, progress: (Int) -> Void
  ) throws(ConvertError) -> [Tally] {
    let plan = workforce.plan
    var tallies = [Tally](repeating: Tally(), count: plan.shapes.count)
    var (written, isOdd, bytesDone) = (0..<0, false, 0)
    while written.upperBound < plan.chunks.count || !written.isEmpty {
      let wave = self.wave(after: written)
      let (full, empty) = isOdd ? (slots[0], slots[1]) : (slots[1], slots[0])
      try workforce.run(count: wave.count + 1) { task, worker throws(ConvertError) in
        if task == 0 {
          for (slot, place) in zip(full, plan.chunks[written]) {
            try append(slot, place, to: writer, step: step, &tallies[place.tensor])
          }
          // Read ahead, and let go of what would pile up as resident memory.
          plan.advise(.willNeed, chunks: self.wave(after: wave))
          plan.advise(.dontNeed, chunks: written)
        } else {
          let place = plan.chunks[wave.lowerBound + task - 1]
          try worker.encode(place, step: step(place.tensor), into: empty[task - 1])
        }
      }
      bytesDone += written.map { plan.sourceBytes(of: plan.chunks[$0]).count }.reduce(0, +)
      progress(bytesDone)
      (written, isOdd) = (wave, !isOdd)
    }
    return tallies
  }

  private func wave(after wave: Range<Int>) -> Range<Int> {
    wave.upperBound..<min(wave.upperBound + slots[0].count, workforce.plan.chunks.count)
  }

  private func append(
    _ slot: ChunkSlot, _ place: ChunkPlace, to writer: ThimbleWriter, step: (Int) -> Float,
    _ tally: inout Tally
  ) throws(ConvertError) {
    guard let chunk = slot.chunk else { preconditionFailure("the slot is empty") }
    do throws(FormatError) {
      if place.chunk == 0 {
        let plan = workforce.plan
        try writer.begin(
          plan.shapes[place.tensor].withStep(step(place.tensor)),
          columnFactors: plan.indexOfColumnFactors(of: place.tensor))
      }
      try writer.append(chunk)
    } catch { throw .format(error) }
    tally.size += chunk.size
    tally.distortion.add(slot.distortion)
  }
}
