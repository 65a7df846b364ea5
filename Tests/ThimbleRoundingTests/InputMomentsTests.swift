import Testing
import ThimbleRounding
import ThimbleSystem
import ThimbleTestSupport

@Suite("Moments of inputs lie block by block")
struct InputMomentsTests {
  @Test(
    "blocks hold all columns, in nearly equal groups of whole panels",
    arguments: [1, 31, 64, 768, 769, 1280, 3072, 5121])
  func layout(columns: Int) throws {
    let moments = try InputMoments(columns: columns)
    #expect(moments.blockCount == (columns + 767) / 768)
    #expect(moments.blockSize <= InputMoments.largestBlock && moments.blockSize % 32 == 0)
    var (column, offset) = (0, 0)
    for block in 0..<moments.blockCount {
      let range = moments.columns(ofBlock: block)
      #expect(range.lowerBound == column && !range.isEmpty)
      #expect(moments.offset(ofBlock: block) == offset)
      column = range.upperBound
      offset += range.count * range.count
    }
    #expect(column == columns)
    #expect(offset <= moments.sums.count)
    #expect((0..<moments.sums.count).allSatisfy { moments.sums[$0] == 0 })
  }

  @Test("an identity adds a share of the mean square to every square, and nothing else")
  func identity() throws {
    let moments = try InputMoments.of([[1, 2, 3], [2, 5, 4], [3, 4, 6]])
    moments.addIdentity(0.5)
    #expect((0..<9).map { moments.sums[$0] } == [3, 2, 3, 2, 7, 4, 3, 4, 8])
  }
}
