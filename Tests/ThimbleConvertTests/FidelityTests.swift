import Testing
import ThimbleArchitecture
import ThimbleConvert
import ThimbleFormat
import ThimbleSystem
import ThimbleTestSupport

@Suite("A file holds the weights that it was made of")
struct FidelityTests {
  let folder = TemporaryFolder()

  @Test(
    "every weight is within half a scale, vectors are exact", arguments: WeightElement.allCases)
  func weights(element: WeightElement) throws {
    let source = try RandomModel.source(element)
    let report = try Converter(source, rate: .bits(6), threadCount: 2, kernels: .best)
      .convert(to: folder("file"))
    let read = try DequantizedFile(folder("file"))
    #expect(read.file.tensors.map(\.name) == source.tensors.map(\.tensor.name))
    #expect(read.file.configuration.bytes() == source.configuration)
    #expect(read.file.tokenizer.bytes() == source.tokenizer)
    var (signal, noise) = (0.0, 0.0)
    for (tensor, record) in zip(source.tensors, read.file.tensors) {
      let isQuantised = tensor.tensor.shape.count == 2 && tensor.tensor.shape[0] >= 64
      #expect(record.shape.kind == (isQuantised ? .q8b64 : .f32), "\(record.name)")
      var misses = 0
      for (original, (weight, scale)) in zip(tensor.values, try read.weights(record)) {
        // Of the product of code and scale, the last bit is rounded.
        if abs(original - weight) > scale / 2 + abs(original) * 0x1p-23 { misses += 1 }
        if !isQuantised && original.bitPattern != weight.bitPattern { misses += 1 }
        guard isQuantised else { continue }
        signal += Double(original) * Double(original)
        noise += Double(original - weight) * Double(original - weight)
      }
      #expect(misses == 0, "\(record.name)")
    }
    let sqnr = try #require(report.sqnr)
    #expect(abs(sqnr - decibels(signal / noise)) < 1e-3, "the report says what was done")
  }

  @Test("the bytes do not depend on threads or instruction set")
  func determinism() throws {
    let source = try RandomModel.source(.float16)
    var files: [[UInt8]] = []
    for kernels in KernelTable.runnable {
      for threadCount in 1...3 {
        _ = try Converter(source, rate: .bits(5.5), threadCount: threadCount, kernels: kernels)
          .convert(to: folder("file"))
        files.append(try MappedFile(path: folder("file")).bytes.bytes())
      }
    }
    for (index, file) in files.enumerated() { #expect(file == files[0], "conversion \(index)") }
  }

  @Test("the encoder comes first in the file, then the embeddings that double as output")
  func order() throws {
    let names = try trainedModel().tensors.map(\.tensor.name)
    #expect(names.first == "transformer.position_embeddings.weight")
    #expect(names.suffix(2) == ["transformer.embeddings.weight", "pred_layer.proj.bias"])
    let layers = names.compactMap { name in
      let parts = name.split(separator: ".")
      return parts.count > 2 ? Int(parts[2]) : nil
    }
    #expect(Set(layers) == [0, 1, 2, 3] && layers == layers.sorted())
  }

  @Test("a matrix of zeros stays one")
  func zeros() throws {
    let zeros = try RandomModel.zeros(rows: 70, columns: 100)
    let report = try Converter(
      RandomModel.source(of: [zeros]), rate: .quality(.balanced), threadCount: 1, kernels: .best
    ).convert(to: folder("file"))
    let read = try DequantizedFile(folder("file"))
    #expect(try read.weights(read.file.tensors[0]).allSatisfy { $0.weight == 0 })
    #expect(report.sqnr == nil)
  }

  @Test("positions, which are few, are kept finer than what every matrix has")
  func positions() throws {
    let source = try RandomModel.source()
    _ = try Converter(source, rate: .quality(.balanced), threadCount: 1, kernels: .best)
      .convert(to: folder("file"))
    let file = try ThimbleFile(path: folder("file"))
    let steps = try ["position_embeddings", "ffns.0.lin1"].map {
      try #require(file.tensor(named: "transformer.\($0).weight")).shape.step
    }
    #expect((0.35...0.55).contains(steps[0] / steps[1]), "\(steps)")
  }

  @Test(
    "chunks fit a core's cache, and small matrices still make work for several threads",
    arguments: [
      (rows: 1280, columns: 1280, panels: 4), (64, 5120, 1), (2000, 192, 6), (192, 192, 2),
      (768, 192, 2), (192, 768, 1), (4096, 192, 16), (65, 64, 2), (70, 8000, 1),
    ])
  func chunks(rows: Int, columns: Int, panels: Int) throws {
    let source = RandomModel.source(of: [try RandomModel.zeros(rows: rows, columns: columns)])
    _ = try Converter(source, rate: .quality(.tiny), threadCount: 2, kernels: .best)
      .convert(to: folder("file"))
    #expect(try ThimbleFile(path: folder("file")).tensors[0].shape.panelsPerChunk == panels)
  }
}
