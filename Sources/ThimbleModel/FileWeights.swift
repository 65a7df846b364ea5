public import ThimbleArchitecture
public import ThimbleFormat
internal import ThimbleJSON
public import ThimbleOps
public import ThimbleSystem

/// The weights of a .thimble file, pinned as far as a plan says.
public final class FileWeights: WeightProvider {
  public let file: ThimbleFile
  public let configuration: ModelConfiguration
  private let scratch: [WorkerScratch]
  private let pinned: PinnedCodes
  /// What is pinned of each matrix, by its first chunk.
  private let places: [Int: PinnedPlace]
  private let dropsPages: Bool
  /// By the first chunk of the tensor.
  private var matrices: [Int: FileMatrix] = [:]
  private var factors: [Int: AlignedArray<Float>] = [:]

  public var path: String { file.path }

  /// Reads the configuration that `file` holds.
  public static func configuration(of file: ThimbleFile) throws(ModelError) -> ModelConfiguration {
    do {
      return try ModelConfiguration(json: try JSONValue(parsing: file.configuration.bytes()))
    } catch { throw .configuration(path: file.path, reason: "\(error)") }
  }

  /// - Parameters:
  ///   - plan: made for this file.
  ///   - workers: threads of the pool that will run the model.
  public init(
    _ file: ThimbleFile, plan: MemoryPlan, workers: Int, kernels: KernelTable
  ) throws(ModelError) {
    self.file = file
    configuration = try Self.configuration(of: file)
    var places: [Int: PinnedPlace] = [:]
    var (codeCount, left) = (0, plan.pinnedChunks)
    for tensor in file.tensors where tensor.shape.kind == .q8b64 && left > 0 {
      let count = min(left, tensor.shape.chunkCount)
      places[tensor.firstChunk] = PinnedPlace(chunkCount: count, offset: codeCount)
      codeCount += (0..<count).reduce(0) { $0 + tensor.shape.codesSize(ofChunk: $1) }
      left -= count
    }
    self.places = places
    do {
      pinned = try PinnedCodes(codeCount: codeCount)
      var scratch: [WorkerScratch] = []
      for _ in 0..<workers {
        scratch.append(try WorkerScratch(largestChunk: file.largestChunk, kernels: kernels))
      }
      self.scratch = scratch
    } catch { throw .system(error) }
    dropsPages = plan.dropsPages
  }

  /// What is pinned of a matrix.
  private struct PinnedPlace {
    let chunkCount: Int
    /// Where its codes begin among all pinned ones.
    let offset: Int
  }

  public func contains(_ tensor: ModelTensor) -> Bool { file.tensor(named: tensor.name) != nil }

  private func record(_ wanted: ModelTensor) throws(ModelError) -> TensorRecord {
    guard let tensor = file.tensor(named: wanted.name) else {
      throw .missingTensors(path: path, tensors: [wanted.name])
    }
    let found =
      tensor.shape.rank == 1 ? [tensor.shape.columns] : [tensor.shape.rows, tensor.shape.columns]
    guard found == wanted.shape else {
      throw .shape(path: path, tensor: wanted.name, found: found, expected: wanted.shape)
    }
    return tensor
  }

  private func values(
    of tensor: TensorRecord, count: Int? = nil
  ) throws(ModelError) -> AlignedArray<Float> {
    scratch[0].holding = nil
    do {
      return try file.values(
        of: tensor, count: count, decoder: scratch[0].decoder, scratch: scratch[0].codes)
    } catch { throw .format(error) }
  }

  public func matrix(_ wanted: ModelTensor) throws(ModelError) -> any PanelSource {
    let tensor = try record(wanted)
    guard tensor.shape.kind == .f32 else { return try fileMatrix(tensor) }
    let matrix: FloatMatrix
    do {
      matrix = try FloatMatrix(rows: tensor.shape.rows, columns: tensor.shape.columns)
    } catch { throw .system(error) }
    scratch[0].holding = nil
    do throws(FormatError) {
      try file.forEachChunk(
        of: tensor, decoder: scratch[0].decoder, scratch: scratch[0].codes, matrix.fill)
    } catch { throw .format(error) }
    return matrix
  }

  public func table(_ wanted: ModelTensor) throws(ModelError) -> any RowSource {
    let tensor = try record(wanted)
    guard tensor.shape.kind == .f32 else { return try fileMatrix(tensor) }
    return FloatTable(try values(of: tensor), columns: tensor.shape.columns)
  }

  public func vector(_ wanted: ModelTensor) throws(ModelError) -> AlignedArray<Float> {
    let tensor = try record(wanted)
    return try values(of: tensor, count: PanelGeometry.paddedRows(tensor.shape.columns))
  }

  public func checkUnchanged() throws(ModelError) {
    guard file.isUnchanged else { throw .changed(path: path) }
  }

  /// Keeps no more decoded codes than `byteCount` until it is called again; what is not kept is decoded at each use. Changes
  /// no result. Not while the weights are used.
  public func keepPinned(atMost byteCount: Int) {
    // The last chunk that is kept may reach beyond. To each block of codes there is one of the scale.
    let block = PanelGeometry.block
    let codes =
      byteCount == .max
      ? .max : max(byteCount - 2 * file.largestChunk, 0) / (block + 1) * block
    pinned.keep(to: codes, largestChunk: file.largestChunk)
    for matrix in matrices.values { matrix.forget(from: codes) }
  }

  /// One object for each tensor, so that a matrix with two uses is pinned once.
  private func fileMatrix(_ tensor: TensorRecord) throws(ModelError) -> FileMatrix {
    if let matrix = matrices[tensor.firstChunk] { return matrix }
    let place = places[tensor.firstChunk]
    var columnFactors: AlignedArray<Float>?
    if let index = tensor.columnFactors {
      columnFactors = factors[index]
      if columnFactors == nil { columnFactors = try values(of: file.tensors[index]) }
      factors[index] = columnFactors
    }
    do {
      let matrix = try FileMatrix(
        tensor, of: file, pinnedCount: place?.chunkCount ?? 0, in: pinned,
        at: place?.offset ?? 0, scratch: scratch, columnFactors: columnFactors,
        dropsPages: dropsPages)
      matrices[tensor.firstChunk] = matrix
      return matrix
    } catch { throw .system(error) }
  }
}
