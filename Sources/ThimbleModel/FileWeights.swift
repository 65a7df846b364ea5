public import ThimbleArchitecture
public import ThimbleFormat
internal import ThimbleJSON
public import ThimbleOps
public import ThimbleSystem

/// The weights of a .thimble file, pinned as far as a plan says.
public final class FileWeights: WeightProvider {
  public let file: ThimbleFile
  public let configuration: XLMConfiguration
  private let plan: MemoryPlan
  private let scratch: [WorkerScratch]
  private let pinned: PinnedCodes
  /// Where the pinned codes of each matrix begin.
  private let pinnedOffsets: [String: Int]
  private let dropsPages: Bool
  private var matrices: [String: FileMatrix] = [:]
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
    self.plan = plan
    configuration = try Self.configuration(of: file)
    var offsets: [String: Int] = [:]
    var codeCount = 0
    for tensor in file.tensors where tensor.shape.kind == .q8b64 {
      offsets[tensor.name] = codeCount
      codeCount += (0..<plan.pinnedChunks(of: tensor, in: file))
        .reduce(0) { $0 + tensor.shape.codesSize(ofChunk: $1) }
    }
    pinnedOffsets = offsets
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

  /// Checks that every tensor of the encoder is there.
  ///
  /// - Throws: `ModelError.missingTensors`, which lists all that are not.
  public func checkCompleteness() throws(ModelError) {
    let missing = configuration.encoderTensors.map(\.name).filter { !contains($0) }
    guard missing.isEmpty else { throw .missingTensors(path: path, tensors: missing) }
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

  private func values(of tensor: TensorRecord) throws(ModelError) -> AlignedArray<Float> {
    do { return try file.values(of: tensor, decoder: scratch[0].decoder) } catch {
      throw .format(error)
    }
  }

  public func matrix(
    _ name: String, rows: Int, columns: Int
  ) throws(ModelError) -> any PanelSource {
    let tensor = try tensor(name, shape: [rows, columns])
    if tensor.shape.kind == .f32 {
      let values = try values(of: tensor)
      do {
        return try FloatMatrix(values, rows: rows, columns: columns)
      } catch { throw .system(error) }
    }
    return try fileMatrix(tensor)
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
    let values = try values(of: tensor)
    guard !count.isMultiple(of: 32) else { return values }
    do {
      let padded = try AlignedArray<Float>(count: (count + 31) / 32 * 32)
      for index in 0..<count { padded[index] = values[index] }
      return padded
    } catch { throw .system(error) }
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
    if let matrix = matrices[tensor.name] { return matrix }
    var columnFactors: AlignedArray<Float>?
    if let index = tensor.columnFactors {
      columnFactors = factors[index]
      if columnFactors == nil { columnFactors = try values(of: file.tensors[index]) }
      factors[index] = columnFactors
    }
    do {
      let matrix = try FileMatrix(
        tensor, of: file, pinnedCount: plan.pinnedChunks(of: tensor, in: file), in: pinned,
        at: pinnedOffsets[tensor.name] ?? 0, scratch: scratch, columnFactors: columnFactors,
        dropsPages: dropsPages)
      matrices[tensor.name] = matrix
      return matrix
    } catch { throw .system(error) }
  }
}
