public import ThimbleSystem

/// Adds rows of tables to rows of activations, decoding each group of table rows once.
public final class LookUp {
  private let order: AlignedArray<Int32>
  private let groupStarts: AlignedArray<Int32>
  private let buffers: FloatRows

  /// - Parameters:
  ///   - maximumRows: the most rows of activations.
  ///   - width: columns of the tables.
  ///   - workers: of the pool.
  public init(maximumRows: Int, width: Int, workers: Int) throws(SystemError) {
    order = try AlignedArray(count: maximumRows)
    groupStarts = try AlignedArray(count: maximumRows + 1)
    buffers = try FloatRows(rows: workers, width: width)
  }

  /// Adds row `ids[i]` of `table` to row i of `output`, or stores it there, for every i in `0..<count`.
  public func apply(
    _ table: any RowSource, ids: AlignedArray<Int32>, to output: FloatRows, count: Int,
    adding: Bool, pool: ComputePool
  ) throws(WeightError) {
    func group(_ index: Int32) -> Int { table.group(ofRow: Int(ids[Int(index)])) }
    for index in 0..<count { order[index] = Int32(index) }
    sort(order, count: count, by: group)
    var groups = 0
    for index in 0..<count
    where index == 0 || group(order[index]) != group(order[index - 1]) {
      groupStarts[groups] = Int32(index)
      groups += 1
    }
    groupStarts[groups] = Int32(count)
    try pool.run(
      count: groups,
      Region(lookUp: self, table: table, ids: ids, output: output, isAdding: adding))
  }

  /// A task is a group of table rows.
  private struct Region: RegionBody {
    let lookUp: LookUp
    let table: any RowSource
    let ids: AlignedArray<Int32>
    let output: FloatRows
    let isAdding: Bool

    func perform(_ task: Int, worker: Int) throws(WeightError) {
      for index in Int(lookUp.groupStarts[task])..<Int(lookUp.groupStarts[task + 1]) {
        let target = Int(lookUp.order[index])
        let source = Int(ids[target])
        if isAdding {
          try add(source, to: target, worker: worker)
        } else {
          try table.copyRow(
            source, into: output.values, at: target * output.stride, worker: worker)
        }
      }
    }

    private func add(_ source: Int, to target: Int, worker: Int) throws(WeightError) {
      let buffers = lookUp.buffers
      let buffer = worker * buffers.stride
      try table.copyRow(source, into: buffers.values, at: buffer, worker: worker)
      let row = target * output.stride
      buffers.values.withSpan(buffer..<buffer + output.width) { addend in
        output.values.withMutableSpan(row..<row + output.width) { sum in
          for column in sum.indices { sum[column] += addend[column] }
        }
      }
    }
  }
}
