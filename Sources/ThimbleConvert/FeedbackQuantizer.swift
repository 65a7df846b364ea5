internal import ThimbleArchitecture
internal import ThimbleRounding
internal import ThimbleSystem

/// Quantises panels with error feedback (GPTQ): later columns make up for the rounding errors of earlier ones.
///
/// Columns go in groups of 32, in the order of the feedback. What the groups before it ask of one is a
/// matrix product, which the kernels do; only within a group the columns follow each other.
final class FeedbackQuantizer {
  private let kernels: KernelTable
  /// [columns][32]: the panel's weights, column by column.
  private let weights: AlignedArray<Float>
  /// [columns][32]: weight minus what stands for it, in the order of rounding.
  private let errors: AlignedArray<Float>
  /// [32][32]: what the errors before a group ask of its columns.
  private let shifts: AlignedArray<Float>
  private let zeros: AlignedArray<Float>

  private static let height = PanelGeometry.panelRows
  // The largest size of a code that a weight has before feedback; the rest is room for that.
  private static let roomyCode: Float = 123

  /// - Parameter columns: of the widest matrix.
  init(columns: Int, kernels: KernelTable) throws(SystemError) {
    self.kernels = kernels
    weights = try AlignedArray(count: columns * Self.height)
    errors = try AlignedArray(count: columns * Self.height)
    shifts = try AlignedArray(count: Self.height * Self.height)
    zeros = try AlignedArray(count: Self.height)
  }

  /// Writes the panel of `rows`, as `KernelTable.encodeQ8` does.
  ///
  /// - Returns: nil if a weight is too large for every scale, or no number.
  func encode(
    _ rows: WeightRows, _ calibration: RoundingGuide.Matrix, steps: StepTable,
    codes: ArrayTail<UInt8>, scaleCodes: ArrayTail<UInt8>
  ) -> Distortion? {
    kernels.packF32(rows, into: weights.from(0))
    let (columns, feedback) = (rows.columns, calibration.feedback)
    if let factors = calibration.columnFactors {
      for index in 0..<columns * Self.height {
        weights[index] *= factors.reciprocals[index / Self.height]
      }
    }
    let blocks = PanelGeometry.paddedColumns(columns) / PanelGeometry.block
    let scaleCount = blocks * Self.height
    let scales = scaleCodes.array.withMutableSpan(
      scaleCodes.offset..<scaleCodes.offset + scaleCount
    ) { chooseScales(columns: columns, steps: steps, &$0) }
    guard let scales else { return nil }
    var distortion = Distortion()
    let codeCount = PanelGeometry.paddedColumns(columns) * Self.height
    codes.array.withMutableSpan(codes.offset..<codes.offset + codeCount) { codes in
      for index in codes.indices { codes[index] = 128 }
      for block in 0..<feedback.shape.blockCount {
        let range = feedback.shape.columns(ofBlock: block)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.height) {
          let group = first..<min(first + Self.height, range.upperBound)
          let factors = Rows(
            feedback.factors,
            at: feedback.shape.offset(ofBlock: block)
              + (first - range.lowerBound) * range.count, stride: range.count)
          sumShifts(of: group, since: range.lowerBound, factors)
          let local = factors.from(column: first - range.lowerBound)
          distortion.add(
            round(group, feedback.order, rows: rows.rows, local, scales, &codes))
        }
      }
    }
    return distortion
  }

  /// Puts the scale code of every block of every row into `scaleCodes`.
  ///
  /// - Returns: the scales, [blocks][32].
  private func chooseScales(
    columns: Int, steps: StepTable, _ scaleCodes: inout MutableSpan<UInt8>
  ) -> [Float]? {
    var scales: [Float] = []
    scales.reserveCapacity(scaleCodes.count)
    return weights.withSpan(0..<columns * Self.height) { weights in
      for index in scaleCodes.indices {
        let (block, row) = (index / Self.height, index % Self.height)
        let first = block * PanelGeometry.block
        var largest: Float = 0
        for column in first..<min(first + PanelGeometry.block, columns) {
          let size = abs(weights[column * Self.height + row])
          guard size.isFinite else { return nil }
          largest = max(largest, size)
        }
        var code: UInt8 = 0
        while largest > Self.roomyCode * steps.scale(code: code) {
          guard code < 255 else { return nil }
          code += 1
        }
        scaleCodes[index] = code
        scales.append(steps.scale(code: code))
      }
      return scales
    }
  }

  /// shifts[j] = sum over columns i from `start` to the group of M[j, i] * errors[i].
  private func sumShifts(of group: Range<Int>, since start: Int, _ factors: Rows) {
    guard group.lowerBound > start else {
      for index in 0..<shifts.count { shifts[index] = 0 }
      return
    }
    kernels.matmulF32(
      weights: errors.from(start * Self.height), k: group.lowerBound - start, x: factors,
      tokens: group.count, bias: zeros.from(0), out: Rows(shifts, stride: Self.height))
  }

  /// Rounds the columns at the places `group` of `order` one after the other.
  ///
  /// - Parameter factors: M[j, i] for places of the group.
  private func round(
    _ group: Range<Int>, _ order: AlignedArray<Int32>, rows: Int, _ factors: Rows,
    _ scales: [Float], _ codes: inout MutableSpan<UInt8>
  ) -> Distortion {
    let height = Self.height
    let part = group.lowerBound * height..<group.upperBound * height
    let size = (group.count - 1) * factors.stride + group.count
    var distortion = Distortion()
    weights.withSpan(0..<weights.count) { weights in
      errors.withMutableSpan(part) { errors in
        shifts.withMutableSpan(0..<height * height) { shifts in
          factors.array.withSpan(factors.offset..<factors.offset + size) { triangle in
            for j in 0..<group.count {
              let column = Int(order[group.lowerBound + j])
              for i in 0..<j {
                let factor = triangle[j * factors.stride + i]
                for row in 0..<height {
                  shifts[j * height + row] += factor * errors[i * height + row]
                }
              }
              let place = column / 4 * 4 * height + column % 4
              let firstScale = column / PanelGeometry.block * height
              for row in 0..<rows {
                let weight = weights[column * height + row]
                let scale = scales[firstScale + row]
                let wanted = (weight + shifts[j * height + row]) / scale
                let code = min(max(wanted.rounded(.toNearestOrEven), -127), 127)
                let error = weight - code * scale
                errors[j * height + row] = error
                codes[place + 4 * row] = UInt8(Int(code) + 128)
                distortion.signal += Double(weight * weight)
                distortion.noise += Double(error * error)
              }
            }
          }
        }
      }
    }
    return distortion
  }
}
