// libFuzzer's entry for requests. The first byte chooses where the rest is sent as a body. The model is
// the file that FUZZED_MODEL names.
import Dispatch
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Thimble
import ThimbleServer
import ThimbleSystem

private let interface: HTTPInterface = {
  do {
    let metrics = ServerMetrics()
    let engine = try Engine(
      path: environment("FUZZED_MODEL") ?? "",
      options: RunOptions(threads: 1, maximumTokens: 128),
      queueCapacity: 512, maximumInputs: 32, metrics: metrics)
    return HTTPInterface(
      engine: engine, options: InterfaceOptions(), metrics: metrics,
      logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
  } catch { fatalError("\(error)") }
}()

private let paths = [
  "/fill-mask", "/embed", "/v1/embeddings", "/score", "/tokenize", "/decode", "/similarity",
  "/predict", "/pipeline/text-classification/thimble", "/",
]

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let path = paths[Int(start[0]) % paths.count]
  let body = ByteBuffer(bytes: UnsafeBufferPointer(start: start + 1, count: count - 1))
  let end = DispatchSemaphore(value: 0)
  Task {
    let answer = await interface.respond(to: Incoming(method: .post, path: path, body: body))
    precondition([200, 400, 422, 424].contains(answer.status.code), "\(path): \(answer.status)")
    end.signal()
  }
  end.wait()
  return 0
}
