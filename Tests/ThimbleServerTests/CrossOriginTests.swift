import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing
import ThimbleServer

@Suite("Pages of other origins")
struct CrossOriginTests {
  private func headers(
    _ origins: [String], from origin: String?, method: HTTPRequest.Method = .get
  ) async throws -> (status: Int, headers: HTTPFields) {
    let client = try Client(
      SmallModel.shared.get(), key: "geheim", crossOrigin: CrossOriginRule(origins))
    var headers: HTTPFields = [.authorization: "Bearer geheim"]
    headers[.origin] = origin
    if method == .options {
      headers = [.origin: origin ?? "", .accessControlRequestMethod: "POST"]
      headers[.accessControlRequestHeaders] = "authorization,x-stainless-os"
    }
    let answer = await client.interface.respond(
      to: Incoming(method: method, path: "/embed", headers: headers, body: ByteBuffer()))
    return (answer.status.code, answer.headers)
  }

  @Test("may not ask unless they are named")
  func off() async throws {
    for origins in [[], ["https://example.org"]] {
      for method in [HTTPRequest.Method.get, .options] {
        let answer = try await headers(origins, from: "https://example.com", method: method)
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
        #expect(answer.headers[.vary] == (origins.isEmpty ? nil : "Origin"))
      }
    }
  }

  @Test("may ask when they are named, and are told so before they send a key")
  func on() async throws {
    let origin = "https://example.org:8443"
    for (origins, allowed) in [([origin], origin), (["*"], "*"), (["http://a", origin], origin)] {
      let answer = try await headers(origins, from: origin)
      // An error too can be read.
      #expect(answer.status == 405 && answer.headers[.accessControlAllowOrigin] == allowed)
      #expect(answer.headers[.accessControlExposeHeaders]?.contains("x-truncated-inputs") == true)
      let preflight = try await headers(origins, from: origin, method: .options)
      #expect(preflight.status == 204 && preflight.headers[.accessControlAllowOrigin] == allowed)
      #expect(preflight.headers[.accessControlAllowMethods]?.contains("POST") == true)
      #expect(
        preflight.headers[.accessControlAllowHeaders] == "authorization,x-stainless-os")
    }
  }

  @Test(
    "are named as browsers name them",
    arguments: ["example.org", "https://", "https://a/", "https://a/b", "a,b", "https://*.a", ""])
  func refused(origin: String) {
    #expect(throws: CrossOriginError.self) { try CrossOriginRule([origin]) }
  }
}
