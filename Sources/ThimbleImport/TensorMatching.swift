package import ThimbleArchitecture
package import ThimbleCheckpoint

/// Brings the tensors of a checkpoint together with those that a configuration wants.
package struct TensorMatching {
  package private(set) var tensors: [String: CheckpointTensor] = [:]
  package private(set) var inventory: [ModelTensor] = []
  package private(set) var heads: [HeadKind] = []
  package private(set) var ignored: [ModelCheckpoint.IgnoredTensor] = []
  private let configuration: ModelConfiguration
  private let path: String

  package init(
    _ found: [CheckpointTensor], configuration: ModelConfiguration, path: String
  ) throws(ImportError) {
    self.configuration = configuration
    self.path = path
    for tensor in found {
      let name = TensorName.canonical(tensor.name)
      if let other = tensors.updateValue(tensor, forKey: name) {
        throw .duplicateTensor(path: path, names: [other.name, tensor.name])
      }
    }
    tieOutput()
    try takeEncoder()
    takeHeads()
    try checkShapes()
    try dismissSurplus()
  }

  /// A tied output matrix may be stored under either name, or both: then the embedding wins.
  private mutating func tieOutput() {
    guard configuration.tiesOutputEmbedding,
      tensors[TensorName.tokenEmbedding] == nil,
      let output = tensors.removeValue(forKey: TensorName.outputEmbedding)
    else { return }
    tensors[TensorName.tokenEmbedding] = output
  }

  private mutating func takeEncoder() throws(ImportError) {
    inventory = configuration.encoderSlots.tensors
    let missing = inventory.map(\.name).filter { tensors[$0] == nil }
    guard missing.isEmpty else {
      throw .missingTensors(path: path, missing, found: tensors.values.map(\.name).sorted())
    }
  }

  private mutating func takeHeads() {
    heads = configuration.heads { tensors[$0.name] != nil }
    inventory = configuration.tensors(withHeads: heads)
  }

  private func checkShapes() throws(ImportError) {
    var mismatches: [ImportError.ShapeMismatch] = []
    for wanted in inventory {
      guard let tensor = tensors[wanted.name] else { continue }
      guard tensor.elementType.isWeight else {
        throw .elementType(path: path, name: tensor.name, tensor.elementType)
      }
      if tensor.shape != wanted.shape {
        mismatches.append(
          .init(name: wanted.name, found: tensor.shape, wanted: wanted.shape))
      }
    }
    guard mismatches.isEmpty else { throw .shapes(path: path, mismatches) }
  }

  private mutating func dismissSurplus() throws(ImportError) {
    let wanted = Set(inventory.map(\.name))
    let ofHeads = Set(HeadKind.allCases.flatMap { configuration.tensors(of: $0) }.map(\.name))
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) where !wanted.contains(name) {
      tensors[name] = nil
      if ofHeads.contains(name) {
        ignored.append(.init(name: tensor.name, reason: "other tensors of its head are missing"))
        continue
      }
      switch TensorName.judgeSurplus(name, configuration) {
      case .ignored(let reason): ignored.append(.init(name: tensor.name, reason: reason))
      case .refused(let reason):
        throw .refusedTensor(path: path, name: tensor.name, reason: reason)
      }
    }
  }
}
