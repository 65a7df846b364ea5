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

  /// Adds row `row(i)` of `table` to row i of `output`, or stores it there, for every i in `0..<count`.
  public func apply(
    _ table: any RowSource, to output: FloatRows, count: Int, adding: Bool, pool: ComputePool,
    row: (Int) -> Int
  ) throws(WeightError) {
    for index in 0..<count { order[index] = Int32(index) }
    sort(order, count: count) { table.group(ofRow: row(Int($0))) }
    var groups = 0
    for index in 0..<count {
      if index == 0
        || table.group(ofRow: row(Int(order[index])))
          != table.group(ofRow: row(Int(order[index - 1])))
      {
        groupStarts[groups] = Int32(index)
        groups += 1
      }
    }
    groupStarts[groups] = Int32(count)
    try pool.run(count: groups) { (group, worker) throws(WeightError) in
      for index in Int(groupStarts[group])..<Int(groupStarts[group + 1]) {
        let target = Int(order[index])
        let source = row(target)
        if adding {
          let buffer = worker * buffers.stride
          try table.copyRow(source, into: buffers.values, at: buffer, worker: worker)
          let row = target * output.stride
          buffers.values.withSpan(buffer..<buffer + output.width) { addend in
            output.values.withMutableSpan(row..<row + output.width) { sum in
              for column in sum.indices { sum[column] += addend[column] }
            }
          }
        } else {
          try table.copyRow(
            source, into: output.values, at: target * output.stride, worker: worker)
        }
      }
    }
  }
}
