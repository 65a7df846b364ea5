internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleOps
internal import ThimbleSystem

// What an error is made of, part by part.
extension WeightProvider {
  /// The weights of a quantised model, multiplied in fp32 with activations that nothing rounds: what remains of a loss when
  /// only weights are quantised.
  func dequantized(workers: Int) -> some WeightProvider {
    let pool = MatrixPool(workers: workers)
    return TransformedWeights(base: self, roundsInput: false) {
      (_, matrix) throws(ModelError) in
      guard matrix.precision == .int8 else { return matrix }
      return TransformedMatrix(
        matrix, precision: .float32, scratch: try pool.scratch(for: matrix),
        panels: { loaded, count, output in
          guard case .int8(let first) = loaded else {
            preconditionFailure("an int8 matrix without int8 panels")
          }
          for index in 0..<count {
            first.following(index).dequantize(
              columns: matrix.columns, factors: matrix.columnFactors,
              into: output.from(index * PanelGeometry.panelRows * matrix.columns))
          }
        })
    }
  }

  /// The weights of a reference in fp32, with every input rounded just as `quantised` rounds it: what remains of a loss when
  /// only activations are quantised.
  func roundingInput(as quantised: any WeightProvider) -> some WeightProvider {
    TransformedWeights(base: self, roundsInput: true) { (tensor, matrix) throws(ModelError) in
      let model = try quantised.matrix(tensor)
      guard model.precision != .float32 else { return matrix }
      return TransformedMatrix(
        matrix, precision: .float32WithRoundedInput, columnFactors: model.columnFactors)
    }
  }

  /// The weights of a reference as `scheme` would keep the matrices `names`, with rounded input.
  func rounded(
    by scheme: BlockScheme, _ names: Set<String>, workers: Int
  ) -> some WeightProvider {
    let pool = MatrixPool(workers: workers)
    return TransformedWeights(base: self, roundsInput: true) {
      (tensor, matrix) throws(ModelError) in
      guard names.contains(tensor.name) else { return matrix }
      let columns = matrix.columns
      return TransformedMatrix(
        matrix, precision: .float32WithRoundedInput, scratch: try pool.scratch(for: matrix),
        panels: { scheme.round($0, count: $1, columns: columns, into: $2) },
        row: { scheme.round(&$0, first: 0, stride: 1, columns: columns) })
    }
  }
}

extension BlockScheme {
  /// Rounds fp32 panels.
  fileprivate func round(
    _ loaded: LoadedPanels, count: Int, columns: Int, into output: AlignedArray<Float>
  ) {
    guard case .float32(let panels) = loaded else {
      preconditionFailure("a reference without fp32 panels")
    }
    let lanes = PanelGeometry.panelRows
    let panelSize = lanes * columns
    output.withMutableSpan(0..<count * panelSize) { output in
      panels.array.withSpan(panels.offset..<panels.offset + count * panelSize) { panels in
        for index in panels.indices { output[index] = panels[index] }
      }
      for panel in 0..<count {
        for lane in 0..<lanes {
          round(&output, first: panel * panelSize + lane, stride: lanes, columns: columns)
        }
      }
    }
  }
}
