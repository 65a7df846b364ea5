import Testing
import ThimbleTestSupport

@Suite("Kernels of other processors")
struct KernelEmulationTests {
  /// "name bits of everything that was computed", a line per kernel.
  private func check(_ program: String) throws -> [Substring] {
    let result = try ChildProcess(repository("Tools/kernels/run"), [program])
    #expect(result.exitCode == 0, "\(result.errors)")
    return result.output.split(separator: "\n")
  }

  static let isThere = """
    command -v clang && command -v qemu-aarch64 && ls /usr/aarch64-linux-gnu/include/stdio.h \
      /usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a
    """

  @Test(
    "for ARM, under emulation: the bits of this processor's",
    .enabled("qemu-user, libc6-dev-arm64-cross and gcc-aarch64-linux-gnu are installed") {
      try ChildProcess("sh", ["-c", isThere]).exitCode == 0
    })
  func arm() throws {
    let (here, there) = (try check("check"), try check("check-arm"))
    func results(_ lines: [Substring]) -> Set<Substring> {
      Set(lines.map { $0.drop { $0 != " " }.drop { $0 == " " } })
    }
    #expect(Set(there.map { $0.prefix { $0 != " " } }) == ["neondot", "neon", "portable"])
    #expect(results(here).count == 1)
    #expect(results(there) == results(here))
  }
}
