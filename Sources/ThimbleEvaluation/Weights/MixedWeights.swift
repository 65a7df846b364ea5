internal import ThimbleArchitecture
package import ThimbleModel
internal import ThimbleOps
internal import ThimbleReference
internal import ThimbleSystem

/// The weights of a reference but for one tensor, which is that of another model: shows what an error there costs by itself.
struct MixedWeights: WeightProvider {
  private let reference: any WeightProvider
  private let other: any WeightProvider
  private let exchanged: String

  init(_ reference: any WeightProvider, exchanging name: String, with other: any WeightProvider) {
    self.reference = reference
    self.other = other
    exchanged = name
  }

  var path: String { reference.path }
  var configuration: ModelConfiguration { reference.configuration }

  func contains(_ tensor: ModelTensor) -> Bool { reference.contains(tensor) }

  private func provider(of tensor: ModelTensor) -> any WeightProvider {
    tensor.name == exchanged ? other : reference
  }

  func matrix(_ tensor: ModelTensor) throws(ModelError) -> any PanelSource {
    try provider(of: tensor).matrix(tensor)
  }

  func table(_ tensor: ModelTensor) throws(ModelError) -> any RowSource {
    try provider(of: tensor).table(tensor)
  }

  func vector(_ tensor: ModelTensor) throws(ModelError) -> AlignedArray<Float> {
    try reference.vector(tensor)
  }

  func checkUnchanged() throws(ModelError) {
    try reference.checkUnchanged()
    try other.checkUnchanged()
  }
}

extension ModelPair {
  /// Makes models of the reference with one matrix of the file, that called `name`.
  package func mixer() -> (_ name: String) -> any WeightProvider {
    let dequantised = weights.dequantized(workers: pool.threadCount)
    return { MixedWeights(reference, exchanging: $0, with: dequantised) }
  }
}
