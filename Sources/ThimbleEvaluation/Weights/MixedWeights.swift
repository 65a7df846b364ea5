internal import ThimbleArchitecture
internal import ThimbleModel
internal import ThimbleOps
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
  var configuration: XLMConfiguration { reference.configuration }

  func contains(_ name: String) -> Bool { reference.contains(name) }

  private func provider(of name: String) -> any WeightProvider {
    name == exchanged ? other : reference
  }

  func matrix(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any PanelSource {
    try provider(of: name).matrix(name, rows: rows, columns: columns)
  }

  func table(_ name: String, rows: Int, columns: Int) throws(ModelError) -> any RowSource {
    try provider(of: name).table(name, rows: rows, columns: columns)
  }

  func vector(_ name: String, count: Int) throws(ModelError) -> AlignedArray<Float> {
    try reference.vector(name, count: count)
  }

  func checkUnchanged() throws(ModelError) {
    try reference.checkUnchanged()
    try other.checkUnchanged()
  }
}
