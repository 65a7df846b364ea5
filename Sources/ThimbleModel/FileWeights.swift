public import ThimbleArchitecture
public import ThimbleFormat
internal import ThimbleJSON
public import ThimbleOps
public import ThimbleSystem

/// The weights of a .thimble file, pinned as far as a plan says.
public final class FileWeights: WeightProvider {
  public let file: ThimbleFile
  public let configuration: XLMConfiguration
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
  public static func configuration(of file: ThimbleFile) throws(ModelError) -> XLMConfiguration {
    do {
      return try XLMConfiguration(json: try JSONValue(parsing: file.configuration.bytes()))
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

  public func contains(_ name: String) -> Bool { file.tensor(named: name) != nil }

  private func tensor(_ name: String, shape: [Int]) throws(ModelError) -> TensorRecord {
    guard let tensor = file.tensor(named: name) else {
      throw .missingTensors(path: path, tensors: [name])
    }
    let found =
      tensor.shape.rank == 1 ? [tensor.shape.columns] : [tensor.shape.rows, tensor.shape.columns]
    guard found == shape else {
      throw .shape(path: path, tensor: name, found: found, expected: shape)
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

  public func matrix(
    _ name: String, rows: Int, columns: Int
  ) throws(ModelError) -> any PanelSource {
    let tensor = try tensor(name, shape: [rows, columns])
    guard tensor.shape.kind == .f32 else { return try fileMatrix(tensor) }
    let matrix: FloatMatrix
    do { matrix = try FloatMatrix(rows: rows, columns: columns) } catch { throw .system(error) }
    scratch[0].holding = nil
    do throws(FormatError) {
      try file.forEachChunk(
        of: tensor, decoder: scratch[0].decoder, scratch: scratch[0].codes, matrix.fill)
    } catch { throw .format(error) }
    return matrix
  }

  public func table(
    _ name: String, rows: Int, columns: Int
  ) throws(ModelError) -> any RowSource {
    let tensor = try tensor(name, shape: [rows, columns])
    if tensor.shape.kind == .f32 { return FloatTable(try values(of: tensor), columns: columns) }
    return try fileMatrix(tensor)
  }

  public func vector(_ name: String, count: Int) throws(ModelError) -> AlignedArray<Float> {
    let tensor = try tensor(name, shape: [count])
    return try values(
      of: tensor, count: KernelShape.panelCount(rows: count) * KernelShape.panelRows)
  }

  public func checkUnchanged() throws(ModelError) {
    guard file.isUnchanged else { throw .changed(path: path) }
  }

  /// Keeps no more decoded codes than `byteCount` until it is called again; what is not kept is decoded at each use. Changes
  /// no result. Not while the weights are used.
  public func keepPinned(atMost byteCount: Int) {
    // The last chunk that is kept may reach beyond. To 64 codes there is one of the scale.
    let codes =
      byteCount == .max ? .max : max(byteCount - 2 * file.largestChunk, 0) / 65 * 64
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
