public import ThimbleArchitecture

/// What a conversion made.
public struct ConversionReport: Sendable {
  /// In the order of `ModelTensor.Group`; only those that the model has.
  public let groups: [Group]
  /// Bytes of the whole file.
  public let fileSize: Int
  public let parameterCount: Int
  /// All bytes but those of configuration and tokenizer, over the parameters.
  public let bitsPerWeight: Double
  /// Signal to quantisation noise over all matrices, in dB; nil if nothing was rounded.
  public let sqnr: Double?
  /// Whether the file is smaller than it might be, because finer steps change nothing any more.
  public let isFinest: Bool
  public let seconds: Double
  /// The most private memory in bytes that was seen; nil where the system does not tell.
  public let peakPrivateBytes: Int?

  /// The tensors of one part of the model.
  public struct Group: Sendable {
    public let group: ModelTensor.Group
    public let parameterCount: Int
    /// Bytes of its chunks.
    public let size: Int
    /// Signal to quantisation noise over its matrices, in dB; nil if nothing was rounded.
    public let sqnr: Double?

    public var bitsPerWeight: Double { 8 * Double(size) / Double(parameterCount) }
  }
}

extension ConversionReport.Group {
  /// Sums up the tensors of `group`, or returns nil if there are none.
  init?(_ group: ModelTensor.Group, plan: ChunkPlan, tallies: [WaveWriter.Tally]) {
    let members = plan.source.tensors.indices.filter {
      plan.source.tensors[$0].tensor.group == group
    }
    guard !members.isEmpty else { return nil }
    self.group = group
    parameterCount = members.map { plan.source.tensors[$0].parameterCount }.reduce(0, +)
    size = members.map { tallies[$0].size }.reduce(0, +)
    sqnr = plan.distortion(of: members, tallies).sqnr
  }
}

extension ChunkPlan {
  /// What quantising did to the matrices among `tensors`.
  func distortion(of tensors: some Sequence<Int>, _ tallies: [WaveWriter.Tally]) -> Distortion {
    var sum = Distortion()
    for tensor in tensors where isQuantised(tensor) { sum.add(tallies[tensor].distortion) }
    return sum
  }
}

/// How far a conversion is.
public struct ConversionProgress: Sendable {
  /// Bytes of weights that were read, and that there are to read.
  public let bytesDone: Int
  public let bytesTotal: Int
  /// Since the conversion began.
  public let seconds: Double
}
