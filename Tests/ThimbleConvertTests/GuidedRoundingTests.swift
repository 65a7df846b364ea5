import Testing
import ThimbleArchitecture
import ThimbleConvert
import ThimbleFormat
import ThimbleRounding
import ThimbleSystem
import ThimbleTestSupport

@Suite("A matrix that is rounded with a guide errs where its inputs do not look")
struct GuidedRoundingTests {
  let folder = TemporaryFolder()
  private static let columns = 200

  private func moments() throws -> InputMoments { try .sample(columns: Self.columns) }

  private static let factors = ModelTensor(
    name: "factors", shape: [columns], role: .columnFactors, group: .norms)

  private func calibration(withFactors: Bool) throws -> RoundingGuide {
    let moments = try moments()
    let factors =
      withFactors ? try ColumnFactors(Self.factors, smoothing: moments, strength: 0.5) : nil
    return RoundingGuide([
      "matrix": RoundingGuide.Matrix(
        feedback: try ErrorFeedback(consuming: moments), columnFactors: factors)
    ])
  }

  /// The weights of the file that `source` becomes, column factors multiplied in.
  private func convert(
    _ source: ConversionSource, _ calibration: RoundingGuide?, threads: Int = 2,
    kernels: KernelTable = .best
  ) throws -> [Float] {
    _ = try Converter(
      source, rate: .quality(.small), calibration: calibration, threadCount: threads,
      kernels: kernels
    ).convert(to: folder("file"))
    let read = try DequantizedFile(folder("file"))
    let tensor = read.file.tensors[0]
    let factors = try tensor.columnFactors.map { try read.weights(read.file.tensors[$0]) }
    return try read.weights(tensor).enumerated().map { index, entry in
      entry.weight * (factors?[index % Self.columns].weight ?? 1)
    }
  }

  /// The sum over the rows of e^T H e.
  private func cost(_ weights: [Float], _ original: [Float], _ h: InputMoments) -> Double {
    var cost = 0.0
    for row in 0..<weights.count / Self.columns {
      let errors = (0..<Self.columns).map { column in
        Double(weights[row * Self.columns + column] - original[row * Self.columns + column])
      }
      for i in 0..<Self.columns {
        for j in 0..<Self.columns {
          cost += errors[i] * errors[j] * Double(h.sums[i * Self.columns + j])
        }
      }
    }
    return cost
  }

  @Test("at the same step its outputs are several times nearer", arguments: [false, true])
  func cost(withFactors: Bool) throws {
    let matrix = try RandomModel.matrix(rows: 70, columns: Self.columns)
    let source = RandomModel.source(of: [matrix])
    let moments = try moments()
    let plain = cost(try convert(source, nil), matrix.values, moments)
    let weights = try convert(source, try calibration(withFactors: withFactors))
    let calibrated = cost(weights, matrix.values, moments)
    #expect(calibrated < 0.3 * plain, "\(calibrated) against \(plain)")
    #expect(try ThimbleFile(path: folder("file")).tensors.count == (withFactors ? 2 : 1))
  }

  @Test("the bytes do not depend on threads or instruction set")
  func determinism() throws {
    let source = RandomModel.source(of: [try RandomModel.matrix(rows: 130, columns: Self.columns)])
    let calibration = try calibration(withFactors: true)
    var files: [[UInt8]] = []
    for kernels in KernelTable.runnable {
      for threads in [1, 3] {
        _ = try convert(source, calibration, threads: threads, kernels: kernels)
        files.append(try MappedFile(path: folder("file")).bytes.bytes())
      }
    }
    for (index, file) in files.enumerated() { #expect(file == files[0], "conversion \(index)") }
  }

  @Test("inputs that were never seen change nothing")
  func noInput() throws {
    let source = RandomModel.source(of: [try RandomModel.matrix(rows: 64, columns: Self.columns)])
    let nothing = try InputMoments(columns: Self.columns)
    let blank = RoundingGuide([
      "matrix": RoundingGuide.Matrix(
        feedback: try ErrorFeedback(consuming: nothing), columnFactors: nil)
    ])
    #expect(try convert(source, blank) == convert(source, nil))
  }

  @Test("a weight that is no number is named, calibrated or not")
  func notANumber() throws {
    let matrix = try RandomModel.matrix(rows: 70, columns: Self.columns).replacing(
      66 * Self.columns + 5, with: .nan)
    let error = try #require(throws: ConvertError.self) {
      try convert(RandomModel.source(of: [matrix]), try calibration(withFactors: true))
    }
    guard case .unusableWeight("matrix", 66, 5, _) = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test("a matrix whose rounding costs more than others gets a finer step")
  func costs() throws {
    let names = ["first", "second"]
    let source = RandomModel.source(
      of: try names.map { try RandomModel.matrix(rows: 64, columns: Self.columns, name: $0) })
    func steps(_ costs: [String: Double]) throws -> [Float] {
      var guide = RoundingGuide([:])
      guide.costs = costs
      _ = try Converter(
        source, rate: .bits(6), calibration: guide, threadCount: 1, kernels: .best
      ).convert(to: folder("file"))
      let file = try ThimbleFile(path: folder("file"))
      return try names.map { try #require(file.tensor(named: $0)).shape.step }
    }
    let plain = try steps([:])
    #expect(try steps(["first": 1, "second": 1]) == plain)
    let steps = try steps(["first": 16, "second": 1])
    // A step costs its square; three quarters of what would make both costs equal.
    #expect(abs(steps[0] / steps[1] / (plain[0] / plain[1]) - 0.354) < 0.01)
    #expect(steps[0] < plain[0] && plain[1] < steps[1])
  }

  @Test("rows of frequent tokens are kept finer than those of rare ones")
  func tokenRanks() throws {
    _ = try Converter(
      try RandomModel.source(), rate: .quality(.small), threadCount: 1, kernels: .best
    ).convert(to: folder("file"))
    let read = try DequantizedFile(folder("file"))
    let tensor = try #require(read.file.tensor(named: "transformer.embeddings.weight"))
    let scales = try read.weights(tensor).map(\.scale)
    let columns = tensor.shape.columns
    let first = scales[..<(32 * columns)].sorted()[16 * columns]
    let last = scales[(32 * 21 * columns)...].sorted()[columns]
    // Panel 21 of 22: (1 + 21)^0.4 times as coarse.
    #expect(abs(last / first / 3.44 - 1) < 0.1, "\(first) and \(last)")
  }
}
