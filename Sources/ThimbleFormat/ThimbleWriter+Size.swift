extension ThimbleWriter {
  /// The size that a file of these parts will have.
  ///
  /// - Parameter tensorSizes: one a shape: the bytes of its encoded chunks.
  public static func fileSize(
    configurationSize: Int, tokenizerSize: Int, shapes: [TensorShape], tensorSizes: [Int]
  ) -> Int {
    func aligned(_ offset: Int) -> Int { Int(Layout.align64(UInt64(offset))) }
    var end = aligned(Layout.headerSize + configurationSize) + tokenizerSize
    for size in tensorSizes { end = aligned(end) + size }
    return aligned(end) + Layout.directoryHeadSize
      + shapes.map {
        Layout.tensorRecordSize + $0.chunkCount * Layout.chunkRecordSize + $0.name.utf8.count
      }.reduce(0, +)
  }
}
