import Testing
import ThimbleSystem

@Suite("XXH64")
struct XXH64Tests {
  // Made with:
  // python3 -c 'import xxhash; print(hex(xxhash.xxh64(b"...").intdigest()))'
  @Test(
    "agrees with published digests",
    arguments: [
      ("", 0xef46_db37_51d8_e999), ("a", 0xd24e_c4f1_a98c_6e5b), ("abc", 0x44bc_2cf5_ad77_0999),
      ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
      ("0123456789abcdef0123456789abcdef0123456789abcdef", 0xe35216444a3c253b),
    ] as [(String, UInt64)])
  func digests(text: String, digest: UInt64) throws {
    #expect(try ByteView(Array(text.utf8)).xxh64 == digest)
  }
}
