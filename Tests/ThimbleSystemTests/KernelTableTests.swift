import Glibc
import Testing
import ThimbleSystem
import ThimbleTestSupport

@Suite("The table of kernels")
struct KernelTableTests {
  @Test("the portable kernels can always be run, and come last")
  func portable() throws {
    #expect(KernelTable.runnable.last?.name == "portable")
    #expect(Set(KernelTable.runnable.map(\.name)).count == KernelTable.runnable.count)
    for table in KernelTable.runnable {
      let named = try KernelTable.named(table.name)
      #expect(named.name == table.name)
    }
  }

  @Test("a name that is not runnable is refused with those that are")
  func unknownName() {
    let error = #expect(throws: KernelError.self) { try KernelTable.named("sse9") }
    #expect(error?.description.contains("sse9") == true)
    #expect(error?.description.contains("portable") == true)
  }

  @Test("exp of the reference is within 0.87 ulp")
  func expAccuracy() {
    let worst = (0...350_000).map { i in
      let x = Float(i) * 0.0005 - 87
      let exact = exp(Double(x))
      return abs(Double(Reference.exp(x)) - exact) / Double(Float(exact).ulp)
    }.max()
    #expect(worst ?? 1 < 0.87)
    #expect(Reference.exp(0) == 1)
    #expect(Reference.exp(Float(-87).nextDown) == 0)
  }

  @Test("GELU of the reference is within 1.2e-7 * max(1, |x|)")
  func geluAccuracy() {
    let worst = (-60_000...60_000).map { i in
      let x = Float(i) * 0.0002
      let exact = Double(x) * erfc(-Double(x) * 0.5.squareRoot()) / 2
      return abs(Double(Reference.gelu(x)) - exact) / Double(max(1, abs(x)))
    }.max()
    #expect(worst ?? 1 < 1.2e-7)
    // Far from zero it is x, or nothing.
    #expect(Reference.gelu(10) == 10)
    #expect(Reference.gelu(0x1p100) == 0x1p100)
    #expect(abs(Reference.gelu(-0x1p100)) < 1e-20)
  }
}
