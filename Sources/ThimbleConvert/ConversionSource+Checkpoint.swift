internal import ThimbleArchitecture
internal import ThimbleCheckpoint
internal import ThimbleContents
public import ThimbleImport
internal import ThimbleJSON
internal import ThimbleSystem
internal import ThimbleText

extension ConversionSource {
  /// Everything of `checkpoint` that a file holds. The weights stay where they are.
  ///
  /// - Throws: `ConvertError.tokenizer` if its vocabulary fits no tokenizer tables, `.tooWide` or `.disagreements` if no
  ///   file can hold it: what is written can be opened.
  public init(_ checkpoint: ModelCheckpoint) throws(ConvertError) {
    let tokenizer: [UInt8]
    do {
      tokenizer = try checkpoint.tokenizerTables() ?? []
    } catch { throw .tokenizer(error) }
    self.init(
      configuration: Array(checkpoint.configuration.json.text().utf8), tokenizer: tokenizer,
      tensors: Self.fileOrder(checkpoint.inventory, of: checkpoint.configuration).compactMap {
        wanted in
        guard let found = checkpoint.tensor(wanted.name),
          let element = WeightElement(found.elementType)
        else { preconditionFailure("\(wanted.name) is in the inventory, but not there as weights") }
        return SourceTensor(wanted, elementType: element, bytes: found.bytes)
      })
    let shapes = try ChunkPlan(self).shapes
    let found = ModelSections(
      checkpoint.configuration, shapes.map { StoredTensor($0, columnFactors: nil) },
      try openedTokenizer()
    ).disagreements
    guard found.isEmpty else { throw .disagreements(path: checkpoint.path, found) }
  }

  private func openedTokenizer() throws(ConvertError) -> TokenizerTables? {
    guard !tokenizer.isEmpty else { return nil }
    let view: ByteView
    do { view = try ByteView(tokenizer) } catch { throw .system(error) }
    do { return try TokenizerTables(view: view) } catch { throw .tokenizer(error) }
  }

  /// The order in which a runtime with little memory wants to keep tensors: what every token passes
  /// through first, what only chosen tokens meet last.
  private static func fileOrder(
    _ tensors: [ModelTensor], of configuration: ModelConfiguration
  ) -> [ModelTensor] {
    let output = Set(configuration.tensors(of: .languageModel).map(\.name))
    func place(_ tensor: ModelTensor) -> Int {
      switch tensor.group {
      case .tokenEmbeddings: 2
      case .heads: output.contains(tensor.name) ? 3 : 1
      default: 0
      }
    }
    return (0...3).flatMap { wanted in tensors.filter { place($0) == wanted } }
  }
}
