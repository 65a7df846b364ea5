import Testing
import ThimbleFormat
import ThimbleSystem
import ThimbleTestSupport

@Suite("Writing and reading")
struct RoundTripTests {
  let folder = TemporaryFolder()

  @Test("every chunk decodes to what was written, on every ISA", arguments: KernelTable.runnable)
  func chunks(kernels: KernelTable) throws {
    let sample = try SampleFile(in: folder)
    let file = try ThimbleFile(path: sample.path)
    #expect(file.configuration.bytes() == SampleFile.configuration)
    #expect(file.tokenizer.bytes() == SampleFile.tokenizer)
    #expect(file.tensors.map(\.shape) == SampleFile.shapes)
    #expect(file.tensors[2].columnFactors == 4)
    let decoder = try ChunkDecoder(largestChunk: file.largestChunk, kernels: kernels)
    let codes = try AlignedArray<UInt8>(count: file.largestChunk)
    let scales = try AlignedArray<UInt8>(count: file.largestChunk / 64)
    for tensor in file.tensors {
      for chunk in 0..<tensor.shape.chunkCount {
        try decoder.decode(
          chunk: chunk, of: tensor, in: file, into: codes, at: 0,
          scaleCodes: tensor.shape.kind == .q8b64 ? scales : nil, at: 0)
        let index = tensor.firstChunk + chunk
        #expect(ByteView(codes)[0..<sample.codes[index].count].bytes() == sample.codes[index])
        #expect(
          ByteView(scales)[0..<sample.scaleCodes[index].count].bytes() == sample.scaleCodes[index])
      }
    }
  }

  @Test("every encoding occurs in the sample, chosen by size")
  func encodings() throws {
    let file = try ThimbleFile(path: SampleFile(in: folder).path)
    func record(_ name: String) throws -> ChunkRecord {
      file.chunk(try #require(file.tensor(named: name)).firstChunk)
    }
    #expect(try record("noise").codesEncoding == .stored)
    #expect(try record("peaked").codesEncoding == .nibblePlanes)
    #expect(try record("peakedest").codesEncoding == .zstd)
    #expect(try record("peakedest").scalesEncoding == .none)
    #expect(try record("peaked").scalesEncoding == .zstd)
  }

  @Test("a sound file verifies")
  func verify() throws {
    let file = try ThimbleFile(path: SampleFile(in: folder).path)
    let pool = try ComputePool(threadCount: 2)
    #expect(try file.verify(pool: pool, kernels: .underTest).isEmpty)
  }

  @Test("an f32 tensor of several chunks comes back whole")
  func values() throws {
    let sample = try SampleFile(in: folder)
    let file = try ThimbleFile(path: sample.path)
    let decoder = try ChunkDecoder(largestChunk: file.largestChunk, kernels: .underTest)
    let values = try file.values(of: file.tensors[0], decoder: decoder)
    let bytes = try ByteView(sample.codes[0] + sample.codes[1])
    #expect(values.count == 70_000)
    #expect(
      (0..<70_000).allSatisfy {
        values[$0].bitPattern == bytes.load(at: 4 * $0, as: UInt32.self)
      })
  }
}
