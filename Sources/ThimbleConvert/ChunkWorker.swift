internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleRounding
internal import ThimbleSystem

/// Turns weights into chunks of a file. Each thread has one of its own.
final class ChunkWorker {
  private let plan: ChunkPlan
  private let kernels: KernelTable
  private let codes: AlignedArray<UInt8>
  private let scaleCodes: AlignedArray<UInt8>
  private let encoder: ChunkEncoder
  private let trialSlot: ChunkSlot
  private let feedback: FeedbackQuantizer?

  init(_ plan: ChunkPlan, kernels: KernelTable) throws(SystemError) {
    self.plan = plan
    self.kernels = kernels
    feedback =
      plan.calibration == nil
      ? nil
      : try FeedbackQuantizer(
        columns: plan.source.tensors.map(\.columns).max() ?? 0, kernels: kernels)
    codes = try AlignedArray(count: plan.largestChunk)
    scaleCodes = try AlignedArray(count: plan.largestChunk / PanelGeometry.block)
    encoder = try ChunkEncoder(largestChunk: plan.largestChunk, kernels: kernels)
    trialSlot = try ChunkSlot(largestChunk: plan.largestChunk)
  }

  /// The bytes that chunk `place` would have in the file.
  func encodedSize(_ place: ChunkPlace, step: Float) throws(ConvertError) -> Int {
    try encode(place, step: step, into: trialSlot)
    return trialSlot.chunk?.size ?? 0
  }

  /// Quantises (a matrix) or widens (anything else) chunk `place` and encodes it into `slot`.
  ///
  /// - Throws: `ConvertError.unusableWeight` for the first such weight.
  func encode(_ place: ChunkPlace, step: Float, into slot: ChunkSlot) throws(ConvertError) {
    let shape = plan.shapes[place.tensor]
    let isQuantised = plan.isQuantised(place.tensor)
    if isQuantised {
      slot.distortion = try quantise(place, step: step)
    } else {
      try widen(place)
    }
    do throws(SystemError) {
      slot.chunk = try encoder.encode(
        codes: codes, count: shape.codesSize(ofChunk: place.chunk),
        scaleCodes: isQuantised ? scaleCodes : nil,
        count: shape.scalesSize(ofChunk: place.chunk), into: slot.buffer)
    } catch { throw .system(error) }
  }

  /// Quantises chunk `place` of a matrix.
  func quantise(_ place: ChunkPlace, step: Float) throws(ConvertError) -> Distortion {
    let shape = plan.shapes[place.tensor]
    let table = StepTable(step: step)
    var distortion = Distortion()
    for (index, panel) in shape.panels(ofChunk: place.chunk).enumerated() {
      distortion.add(try quantise(panel, of: place.tensor, steps: table, at: index))
    }
    return distortion
  }

  /// Quantises one panel of a matrix, to be number `index` of the chunk.
  private func quantise(
    _ panel: Int, of index: Int, steps: StepTable, at position: Int
  ) throws(ConvertError) -> Distortion {
    let (tensor, shape) = (plan.source.tensors[index], plan.shapes[index])
    let panelSize = PanelGeometry.panelRows * shape.paddedColumns
    let first = PanelGeometry.panelRows * panel
    let rows = first..<min(first + PanelGeometry.panelRows, shape.rows)
    let weights = WeightRows(
      tensor.bytes(ofRows: rows), element: tensor.elementType, rows: rows.count,
      columns: shape.columns)
    let leastCode = StepPlan.leastScaleCode(tensor.tensor, panel: panel)
    let steps = StepTable(steps, from: leastCode)
    let codes = codes.from(position * panelSize)
    let scales = scaleCodes.from(position * panelSize / PanelGeometry.block)
    let distortion: Distortion
    let calibration = plan.calibration(of: index)
    if let feedback, let calibration,
      let encoded = feedback.encode(
        weights, calibration, steps: steps, codes: codes, scaleCodes: scales)
    {
      distortion = encoded
    } else {
      do throws(WeightOutOfRange) {
        let encoded = try kernels.encodeQ8(
          weights, columnFactors: calibration?.columnFactors?.reciprocals.from(0), steps: steps,
          codes: codes, scaleCodes: scales)
        distortion = Distortion(signal: encoded.signal, noise: encoded.noise)
      } catch { throw unusableWeight(tensor, row: first + error.row, column: error.column) }
    }
    if leastCode > 0 {
      try raise(scales, by: leastCode, rows: rows, of: tensor)
    }
    return distortion
  }

  /// Adds `leastCode` to the scale codes of a panel with rows `rows`.
  private func raise(
    _ scales: ArrayTail<UInt8>, by leastCode: Int, rows: Range<Int>, of tensor: SourceTensor
  ) throws(ConvertError) {
    let height = PanelGeometry.panelRows
    let count = PanelGeometry.paddedColumns(tensor.columns) / PanelGeometry.block * height
    for index in 0..<count where index % height < rows.count {
      let (code, overflow) = scales.array[scales.offset + index].addingReportingOverflow(
        UInt8(leastCode))
      guard !overflow else {
        throw unusableWeight(
          tensor, row: rows.lowerBound + index % height,
          column: index / height * PanelGeometry.block)
      }
      scales.array[scales.offset + index] = code
    }
  }

  /// Writes the values of chunk `place` of an `f32` tensor into `codes`.
  private func widen(_ place: ChunkPlace) throws(ConvertError) {
    let (tensor, shape) = (plan.source.tensors[place.tensor], plan.shapes[place.tensor])
    let first = place.chunk * Layout.valuesPerChunk
    let size = shape.codesSize(ofChunk: place.chunk)
    let unusable = codes.withMutableSpan(0..<size) { bytes -> Int? in
      for index in 0..<size / 4 {
        let value = tensor.value(first + index)
        guard value.isFinite else { return first + index }
        let bits = value.bitPattern
        for byte in 0..<4 {
          bytes[4 * index + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte))
        }
      }
      return nil
    }
    if let unusable {
      throw unusableWeight(
        tensor, row: unusable / tensor.columns, column: unusable % tensor.columns)
    }
  }

  private func unusableWeight(_ tensor: SourceTensor, row: Int, column: Int) -> ConvertError {
    .unusableWeight(
      tensor: tensor.name, row: row, column: column,
      value: tensor.value(row * tensor.columns + column))
  }
}

/// Where an encoded chunk stays until it is written. Used by one thread at a time.
final class ChunkSlot {
  let buffer: AlignedArray<UInt8>
  var chunk: EncodedChunk?
  var distortion = Distortion()

  init(largestChunk: Int) throws(SystemError) {
    buffer = try ChunkEncoder.makeBuffer(largestChunk: largestChunk)
  }
}

/// What quantising did to some weights.
struct Distortion {
  /// Sum of the squares of the weights.
  var signal = 0.0
  /// Sum of the squares of the errors.
  var noise = 0.0

  /// The ratio of both in dB; nil if there is no noise.
  var sqnr: Double? { noise > 0 ? decibels(signal / noise) : nil }

  mutating func add(_ other: Distortion) {
    signal += other.signal
    noise += other.noise
  }
}

extension SourceTensor {
  /// Weight `index`, widened exactly.
  func value(_ index: Int) -> Float {
    switch elementType {
    case .float32: Float(bitPattern: bytes.load(at: 4 * index, as: UInt32.self))
    case .float16: Float(Float16(bitPattern: bytes.load(at: 2 * index, as: UInt16.self)))
    case .bfloat16: Float(bitPattern: UInt32(bytes.load(at: 2 * index, as: UInt16.self)) << 16)
    }
  }
}
