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

  @Test(
    "what is written is read, at the limits of a chunk, and what is beyond is not written",
    arguments: [
      (64, 1, 64), (8192, 1, 32), (8192, 4, 128), (32_705, 1, 32), (32_768, 1, 64),
      (32_769, 1, 64), (8192, 5, 160), (8193, 4, 128), (64, 512, 16_384), (64, 513, 16_416),
      (1, 600, 32),
    ])
  func limits(columns: Int, panelsPerChunk: Int, rows: Int) throws {
    let shape = TensorShape.q8b64(
      name: "m", rows: rows, columns: columns, panelsPerChunk: panelsPerChunk, step: 1)
    let padded = (columns + 63) / 64 * 64
    let fits = 32 * padded * min(panelsPerChunk, (rows + 31) / 32) <= 1 << 20
    let writer = try ThimbleWriter(
      path: folder("limits"), configuration: Array("{}".utf8), tokenizer: [])
    guard fits else {
      #expect(throws: FormatError.self) { try writer.begin(shape) }
      return
    }
    try writer.begin(shape)
    let encoder = try ChunkEncoder(largestChunk: 1 << 20, kernels: .underTest)
    let buffer = try ChunkEncoder.makeBuffer(largestChunk: 1 << 20)
    for chunk in 0..<shape.chunkCount {
      let (codes, scales) = (shape.codesSize(ofChunk: chunk), shape.scalesSize(ofChunk: chunk))
      try writer.append(
        encoder.encode(
          codes: array([UInt8](repeating: 128, count: codes)), count: codes,
          scaleCodes: array([UInt8](repeating: 0, count: scales)), count: scales, into: buffer))
    }
    try writer.finish()
    let file = try ThimbleFile(path: folder("limits"))
    #expect(file.tensors.map(\.shape) == [shape])
    #expect(try file.verify(pool: ComputePool(threadCount: 1), kernels: .underTest).isEmpty)
  }

  @Test("what no file can hold is refused before it is written")
  func unwritable() throws {
    #expect(throws: FormatError.self) {
      _ = try ThimbleWriter(
        path: folder("x"), configuration: [UInt8](repeating: 0x20, count: (1 << 20) + 1),
        tokenizer: [])
    }
    let writer = try ThimbleWriter(
      path: folder("x"), configuration: Array("{}".utf8), tokenizer: [])
    for name in ["", "a b", "é", String(repeating: "a", count: 129)] {
      #expect(throws: FormatError.self) { try writer.begin(.f32(name: name, columns: 1)) }
    }
    #expect(throws: FormatError.self) {
      try writer.begin(.q8b64(name: "m", rows: 1, columns: 1, panelsPerChunk: 1, step: 0))
    }
  }
}
