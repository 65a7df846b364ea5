/// Where the elements of a tensor lie in a storage; all counts are in elements.
struct TensorLayout: Sendable {
  private(set) var offset: Int
  let shape: [Int]
  let strides: [Int]

  /// No weight of any model has more dimensions.
  static let maximumRank = 8

  /// - Returns: nil unless every element lies in a storage of `storageCount` elements.
  init?(offset: Int, shape: [Int], strides: [Int], storageCount: Int) {
    guard shape.count == strides.count, shape.count <= Self.maximumRank, offset >= 0,
      let count = elementCount(ofShape: shape), !strides.contains(where: { $0 < 0 })
    else { return nil }
    self.offset = offset
    self.shape = shape
    self.strides = strides
    guard count > 0 else {
      guard offset <= storageCount else { return nil }
      return
    }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, carry) = last.addingReportingOverflow(distance)
      guard !overflow, !carry else { return nil }
      last = sum
    }
    guard last < storageCount else { return nil }
  }

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// The same, seen from a storage in which this one begins at element `start`.
  func moved(by start: Int) -> TensorLayout {
    var layout = self
    layout.offset += start
    return layout
  }

  /// Whether the elements follow each other row by row, without gaps.
  var isContiguous: Bool {
    guard !shape.contains(0) else { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() {
      if size > 1 {
        guard stride == expected else { return false }
      }
      expected *= size
    }
    return true
  }
}
