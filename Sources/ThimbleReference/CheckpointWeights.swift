public import ThimbleArchitecture
internal import ThimbleCheckpoint
public import ThimbleImport
public import ThimbleModel
public import ThimbleOps
public import ThimbleSystem

/// The weights of a checkpoint, run in place in fp32: the reference of every measurement.
///
/// Weights stay in the mapped files; private memory is one fp32 panel per thread, beside vectors.
public final class CheckpointWeights: WeightProvider {
  private let checkpoint: ModelCheckpoint
  private let kernels: KernelTable
  private let scratch: [AlignedArray<Float>]
  private let files: [MappedFile]

  /// - Parameter workers: threads of the pool that will run the model.
  public init(
    _ checkpoint: ModelCheckpoint, workers: Int, kernels: KernelTable
  ) throws(ModelError) {
    self.checkpoint = checkpoint
    self.kernels = kernels
    var files: [MappedFile] = []
    for tensor in checkpoint.inventory {
      guard let file = checkpoint.tensor(tensor.name)?.bytes.file,
        !files.contains(where: { $0 === file })
      else { continue }
      files.append(file)
    }
    self.files = files
    let widest = checkpoint.inventory.map { $0.shape.last ?? 0 }.max() ?? 0
    do {
      var scratch: [AlignedArray<Float>] = []
      for _ in 0..<workers {
        scratch.append(try AlignedArray(count: widest * PanelGeometry.panelRows))
      }
      self.scratch = scratch
    } catch { throw .system(error) }
  }

  public var path: String { checkpoint.path }
  public var configuration: ModelConfiguration { checkpoint.configuration }

  public func checkUnchanged() throws(ModelError) {
    for file in files where !file.isUnchanged { throw .changed(path: file.path) }
  }

  public func contains(_ tensor: ModelTensor) -> Bool { checkpoint.tensor(tensor.name) != nil }

  private func stored(
    _ wanted: ModelTensor
  ) throws(ModelError) -> (CheckpointTensor, WeightElement) {
    guard let tensor = checkpoint.tensor(wanted.name),
      let element = WeightElement(tensor.elementType)
    else { throw .missingTensors(path: path, tensors: [wanted.name]) }
    guard tensor.shape == wanted.shape else {
      throw .shape(path: path, tensor: wanted.name, found: tensor.shape, expected: wanted.shape)
    }
    return (tensor, element)
  }

  public func matrix(_ wanted: ModelTensor) throws(ModelError) -> any PanelSource {
    let (tensor, element) = try stored(wanted)
    return CheckpointMatrix(tensor, element: element, kernels: kernels, scratch: scratch)
  }

  public func table(_ wanted: ModelTensor) throws(ModelError) -> any RowSource {
    try matrix(wanted)
  }

  public func vector(_ wanted: ModelTensor) throws(ModelError) -> AlignedArray<Float> {
    let (tensor, _) = try stored(wanted)
    let count = tensor.shape[0]
    let values: AlignedArray<Float>
    do {
      values = try AlignedArray(count: PanelGeometry.paddedRows(count))
    } catch { throw .system(error) }
    values.withMutableSpan(0..<count) { span in tensor.readFloats(from: 0, into: &span) }
    return values
  }
}
