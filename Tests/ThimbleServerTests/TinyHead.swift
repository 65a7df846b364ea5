import Thimble
import ThimbleConvert
import ThimbleImport
import ThimbleServer
import ThimbleSystem
import ThimbleTestSupport

/// The tiny checkpoint of one kind, converted.
struct TinyHead {
  let folder = TemporaryFolder()
  var path: String { folder("model.thimble") }

  /// - Parameter name: such as "XLMForTokenClassification".
  init(_ name: String) throws {
    for file in ["config.json", "\(name).safetensors"] {
      let source = repository("Tests/ThimbleCheckpointTests/Fixtures/tiny/\(file)")
      _ = try folder.write(bytes(source), to: file)
    }
    for file in ["vocab.json", "merges.txt"] {
      _ = try folder.write(bytes(repository("Tests/ThimbleTextTests/Fixtures/\(file)")), to: file)
    }
    _ = try Converter(
      ConversionSource(ModelCheckpoint.open(folder("\(name).safetensors"))),
      rate: .quality(.nearLossless), threadCount: 1, kernels: .best
    ).convert(to: path)
  }

  func client(_ queueCapacity: Int = 1 << 15) throws -> Client {
    try Client(path: path, queueCapacity: queueCapacity)
  }
}
