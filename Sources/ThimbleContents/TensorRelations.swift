internal import ThimbleArchitecture
internal import ThimbleFormat
internal import ThimbleSystem

/// What the tensors of a file owe its configuration and each other: all that the model needs, in its shape, and nothing
/// that nobody reads.
struct TensorRelations {
  private let configuration: ModelConfiguration
  private let tensors: [StoredTensor]
  private let places: [String: Int]

  init(_ sections: ModelSections) {
    configuration = sections.configuration
    tensors = sections.tensors
    places = Dictionary(zip(tensors.map(\.name), tensors.indices)) { first, _ in first }
  }

  var disagreements: [Disagreement] {
    let heads = HeadKind.allCases.map(configuration.tensors(of:))
    let complete = heads.filter { $0.allSatisfy { places[$0.name] != nil } }.joined()
    let encoder = configuration.encoderSlots.tensors
    let expected = encoder + complete
    return missing(encoder) + wrongShapes(expected)
      + surplus(expected: Set(expected.map(\.name)), heads) + unlikeProjections
  }

  private func missing(_ wanted: [ModelTensor]) -> [Disagreement] {
    let missing = wanted.map(\.name).filter { places[$0] == nil }
    guard !missing.isEmpty else { return [] }
    let count = "\(missing.count) tensor\(missing.count == 1 ? "" : "s")"
    return [
      Disagreement(.configuration, .tensors, "lacks \(count): \(missing.printable(count: 5))")
    ]
  }

  private func wrongShapes(_ expected: [ModelTensor]) -> [Disagreement] {
    var seen: Set<String> = []
    return expected.compactMap { wanted in
      guard let place = places[wanted.name], tensors[place].dimensions != wanted.shape,
        seen.insert(wanted.name).inserted
      else { return nil }
      return Disagreement(
        .configuration, .tensors,
        "tensor \"\(wanted.name)\" is \(tensors[place].dimensions), the configuration needs \(wanted.shape)"
      )
    }
  }

  /// Tensors that the model does not have, among them parts of heads that are not whole.
  private func surplus(expected: Set<String>, _ heads: [[ModelTensor]]) -> [Disagreement] {
    var found: [Disagreement] = []
    let factors = Set(tensors.compactMap(\.columnFactors))
    for (index, tensor) in tensors.enumerated() where !expected.contains(tensor.name) {
      // A calibration may have had factors for matrices that are too small to be quantised.
      let isFactors = factors.contains(index) || TensorName.isColumnFactors(tensor.name)
      if isFactors, tensor.shape.rank == 1 { continue }
      let head = heads.first { $0.contains { $0.name == tensor.name } }
      let lacking = head?.first { places[$0.name] == nil }
      found.append(
        Disagreement(
          .configuration, .tensors,
          "tensor \"\(tensor.name.printable())\" "
            + (lacking.map { "is there without \"\($0.name)\"" } ?? "belongs to no such model")))
    }
    return found
  }

  /// Query, key and value are computed in one go, of input that is quantised once.
  private var unlikeProjections: [Disagreement] {
    (0..<configuration.layerCount).compactMap { layer in
      let stored = configuration.matrices(reading: .projections(layer: layer))
        .compactMap { places[$0.name].map { tensors[$0] } }
      guard let first = stored.first,
        stored.contains(where: {
          $0.shape.kind != first.shape.kind || $0.columnFactors != first.columnFactors
        })
      else { return nil }
      return Disagreement(
        .tensors, .tensors,
        "query, key and value of layer \(layer) differ in kind or column factors")
    }
  }
}
