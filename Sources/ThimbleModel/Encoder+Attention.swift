internal import ThimbleArchitecture
internal import ThimbleOps
internal import ThimbleSystem

extension Encoder {
  /// context = the attention of every head of every sequence.
  func attendHeads(_ batch: Batch) {
    meter.measure(.attention) {
      pool.run(
        count: batch.sequenceCount * configuration.headCount,
        HeadRegion(
          batch: batch, configuration: configuration, workspace: workspace, kernels: kernels))
    }
  }
}

/// A task is one head of one sequence.
private struct HeadRegion: RegionBody {
  let batch: Batch
  let configuration: ModelConfiguration
  let workspace: Workspace
  let kernels: KernelTable

  func perform(_ task: Int, worker: Int) {
    let headSize = configuration.headSize
    let (sequence, head) = task.quotientAndRemainder(dividingBy: configuration.headCount)
    let rows = batch.rows(ofSequence: sequence)
    func part(_ rowsOfAll: FloatRows) -> Rows {
      rowsOfAll.from(row: rows.lowerBound).from(column: head * headSize)
    }
    kernels.attention(
      q: part(workspace.query), k: part(workspace.key), v: part(workspace.value),
      length: rows.count, headDim: headSize, mask: configuration.isCausal ? .causal : .none,
      scratch: workspace.attention[worker].from(0), out: part(workspace.context))
  }
}
