import Testing
import ThimbleArchitecture
import ThimbleConvert
import ThimbleSystem
import ThimbleTestSupport

@Suite("The size of a file is the one that was asked for")
struct RateTests {
  let folder = TemporaryFolder()

  private func convert(_ source: ConversionSource, _ rate: Rate) throws -> ConversionReport {
    try Converter(source, rate: rate, threadCount: 2, kernels: .best).convert(to: folder("file"))
  }

  @Test("bits per weight of a trained model are within 1 %", arguments: [3.3, 4.4, 5.45, 6.1, 7.6])
  func bitsOfTrainedModel(bits: Double) throws {
    let source = try trainedModel()
    let report = try convert(source, .bits(bits))
    let bytes = try MappedFile(path: folder("file")).count
    #expect(bytes == report.fileSize)
    let weightBytes = bytes - source.configuration.count - source.tokenizer.count
    let found = 8 * Double(weightBytes) / Double(report.parameterCount)
    #expect(report.parameterCount == 3_424_653)
    #expect(abs(found / bits - 1) < 0.01, "\(found) bits per weight")
    #expect(abs(found - report.bitsPerWeight) < 1e-9)
  }

  @Test("a size is kept to and nearly used", arguments: [1_500_000, 2_500_000, 3_200_000])
  func size(limit: Int) throws {
    let size = try convert(trainedModel(), .size(limit)).fileSize
    #expect(size <= limit && Double(size) >= 0.99 * Double(limit), "\(size) bytes")
  }

  @Test("a size above the largest file gives the largest file", arguments: [20_000_000, Int.max])
  func generousSize(limit: Int) throws {
    let report = try convert(trainedModel(), .size(limit))
    #expect(report.isFinest && report.bitsPerWeight > 7.5)
    #expect(try !convert(trainedModel(), .size(2_500_000)).isFinest)
  }

  @Test("a large model, of which only a sample is tried, has the rate too")
  func largeModel() throws {
    // Ten million weights from the same few bytes: more than are tried one by one.
    let block = try RandomModel.matrix(rows: 1024, columns: 512)
    let tensors = (0..<20).map { index in
      SourceTensor(
        RandomModel.linear("matrix.\(index)", rows: 1024, columns: 512), elementType: .float32,
        bytes: block.bytes)
    }
    let report = try convert(RandomModel.source(of: tensors), .bits(5))
    #expect(abs(report.bitsPerWeight / 5 - 1) < 0.01, "\(report.bitsPerWeight) bits per weight")
  }

  @Test("each quality is finer, and larger, than the one before it")
  func qualities() throws {
    let source = try RandomModel.source()
    let reports = try Quality.allCases.map { try convert(source, .quality($0)) }
    for (coarse, fine) in zip(reports, reports.dropFirst()) {
      #expect(coarse.fileSize < fine.fileSize)
      #expect(try #require(coarse.sqnr) + 1 < #require(fine.sqnr))
    }
  }

  @Test("what cannot be reached is refused, with what can be", arguments: [0.4, 8.3])
  func unreachable(bits: Double) throws {
    let source = RandomModel.source(of: [try RandomModel.matrix(rows: 256, columns: 256)])
    let error = try #require(throws: ConvertError.self) { try convert(source, .bits(bits)) }
    guard case .unreachable(let asked, let lowest, let highest) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(asked == "\(bits) bits per weight")
    // What the message offers can be had.
    for offer in [lowest, highest] {
      let offered = try #require(offer.split(separator: " ").first.flatMap { Double($0) })
      #expect(throws: Never.self) {
        try convert(
          source, .bits(offered == 0.4 ? offered : offered * (offer == lowest ? 1.01 : 0.99)))
      }
    }
    #expect(folder.names.count == 1, "only the offers left a file: \(folder.names)")
  }
}
