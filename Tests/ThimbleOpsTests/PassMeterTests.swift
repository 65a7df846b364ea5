import Testing
import ThimbleOps
import ThimbleSystem
import ThimbleTestSupport

@Suite("Where the time of passes goes")
struct PassMeterTests {
  private func busy(_ seconds: Double) {
    let start = monotonicSeconds()
    while monotonicSeconds() - start < seconds {}
  }

  private func total(_ meter: PassMeter) -> Double {
    PassMeter.Stage.allCases.reduce(0) { $0 + meter.seconds($1) }
  }

  @Test("what is measured is added to its stage alone, and reset forgets it")
  func measure() throws {
    let meter: PassMeter? = try PassMeter(workers: 1)
    let start = monotonicSeconds()
    for _ in 0..<3 { meter.measure(.attention) { busy(0.002) } }
    let wall = monotonicSeconds() - start
    let measured = try #require(meter)
    #expect(measured.seconds(.attention) >= 0.006 && measured.seconds(.attention) <= wall)
    #expect(total(measured) == measured.seconds(.attention))
    measured.reset()
    #expect(total(measured) == 0)
  }

  struct Stop: Error {}

  @Test("an error passes through, with a meter and without")
  func errors() throws {
    for meter in [nil, try PassMeter(workers: 1)] {
      var calls = 0
      #expect(throws: Stop.self) {
        try meter.measure(.other) { () throws(Stop) in
          calls += 1
          throw Stop()
        }
      }
      #expect(calls == 1)
    }
  }

  @Test("a region's time is divided among its stages, and changes no output", arguments: [1, 3])
  func divides(threads: Int) throws {
    var random = SeededRandom(seed: 31)
    let matrix = try TestMatrix(
      &random, rows: 320, columns: 256, panelsPerChunk: 2, workers: threads)
    let output = try FloatRows(rows: 20, width: 320)
    let group = LinearGroup([(Linear(weights: matrix, bias: try AlignedArray(count: 320)), output)])
    let input = try LinearInput(
      random.normals(20, by: 256), columns: 256, form: group.inputForm, precision: .int8,
      kernels: .underTest)
    let pool = try ComputePool(threadCount: threads)
    let meter = try PassMeter(workers: threads)
    let start = monotonicSeconds()
    try group.compute(input, rows: 20, pool: pool, kernels: .underTest, meter: meter)
    let wall = monotonicSeconds() - start
    #expect(meter.seconds(.decode) > 0 && meter.seconds(.matmul) > 0)
    #expect(meter.seconds(.attention) == 0 && meter.seconds(.other) == 0)
    #expect(total(meter) <= wall * (1 + 1e-9))
    let measured = output.values.from(0).values(output.values.count)
    try group.compute(input, rows: 20, pool: pool, kernels: .underTest)
    #expect(difference(output.values.from(0).values(output.values.count), measured) == nil)
  }
}
