import Testing
import ThimbleTestSupport

@Suite(
  "What is measured of the command as it is shipped",
  .enabled("TESTED_RELEASE names a release build") {
    ChildProcess.environment("TESTED_RELEASE") != nil && MediumModel.isThere
  })
struct AllocationTests {
  /// Calls of malloc and its kin, for so many passes of each budget and shape.
  private func allocations(passes: Int) throws -> Int {
    let release = try #require(ChildProcess.environment("TESTED_RELEASE"))
    let result = try ChildProcess(
      repository("Tools/allocations/run"),
      [
        release, "bench", try MediumModel.path.get(), "--tokens", "24", "--batch", "2",
        "--modes", "streamed,half,pinned", "--threads", "2", "--passes", "\(passes)",
      ])
    #expect(result.exitCode == 0, "\(result.errors)")
    let words = try #require(result.errors.split(separator: "\n").last).split(separator: " ")
    #expect(words.first == "allocations:")
    return try #require(words.last.flatMap { Int($0) })
  }

  @Test("a pass allocates nothing")
  func passes() throws {
    let (some, more) = (try allocations(passes: 100), try allocations(passes: 200))
    // 600 passes more. Sorting their times takes a little memory, once for each figure.
    #expect(more - some < 20, "\(some) allocations, then \(more)")
  }
}
