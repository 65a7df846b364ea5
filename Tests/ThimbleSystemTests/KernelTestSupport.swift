import Testing
import ThimbleSystem
import ThimbleTestSupport

/// What memory holds that an operation must not touch.
let untouched: Float = -12345

/// `rows`, a few elements apart.
func rows(_ rows: [[Float]], columns: Int) throws -> Rows {
  let stride = columns + 5
  var values = [Float](repeating: untouched, count: rows.count * stride)
  for (i, row) in rows.enumerated() {
    for (j, value) in row.enumerated() { values[i * stride + j] = value }
  }
  let memory = try array(values)
  return Rows(memory.array, at: memory.offset, stride: stride)
}

extension Rows {
  /// The first `count` rows, after checking that nothing was written between them.
  func values(_ count: Int, columns: Int, _ location: SourceLocation = #_sourceLocation)
    -> [[Float]]
  {
    (0..<count).map { i in
      let row = (0..<stride).map { array[offset + i * stride + $0] }
      #expect(row[columns...].allSatisfy { $0 == untouched }, sourceLocation: location)
      return Array(row[..<columns])
    }
  }
}

/// Expects the same bits, and says where they differ first.
func expectSame(
  _ found: [Float], _ wanted: [Float], _ comment: @autoclosure () -> String = "",
  _ location: SourceLocation = #_sourceLocation
) {
  guard let difference = difference(found, wanted) else { return }
  Issue.record("\(difference) \(comment())", sourceLocation: location)
}
