internal import HTTPTypes
internal import ThimbleSystem

/// Which pages of other origins may read answers in a browser (CORS). Empty: none.
public struct CrossOriginRule: Sendable, Equatable {
  /// Origins such as `https://example.org`, in lower case; `*` for all.
  private var origins: [String] = []

  public init() {}

  /// - Throws: `CrossOriginError` if one of `origins` is neither `*` nor `scheme://host` or `scheme://host:port`, as browsers
  ///   name origins.
  public init(_ origins: [String]) throws(CrossOriginError) {
    for origin in origins where origin != "*" {
      let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
      let isOrigin =
        parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
        && origin.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }
        && !parts[1].contains { "/?#@*".contains($0) }
      guard isOrigin else { throw CrossOriginError(origin: origin) }
    }
    self.origins = origins.map { $0.lowercased() }
  }

  /// Adds to the answer what lets the page that sent `request` read it.
  func allow(_ request: Incoming, in headers: inout HTTPFields) {
    guard !origins.isEmpty else { return }
    if origins.contains("*") {
      headers[.accessControlAllowOrigin] = "*"
    } else {
      // Caches must not give one origin the answer to another.
      headers[.vary] = "Origin"
      guard let origin = request.headers[.origin], origins.contains(origin.lowercased()) else {
        return
      }
      headers[.accessControlAllowOrigin] = origin
    }
    if request.method == .options {
      headers[.accessControlAllowMethods] = "GET, HEAD, POST"
      headers[.accessControlAllowHeaders] =
        request.headers[.accessControlRequestHeaders] ?? "Authorization, Content-Type"
      headers[.accessControlMaxAge] = "7200"
    } else {
      headers[.accessControlExposeHeaders] =
        "Retry-After, x-compute-tokens, x-inference-time, x-queue-time, x-tokenization-time, x-total-time, x-truncated-inputs, x-warning"
    }
  }
}

/// A text that names no origin.
public struct CrossOriginError: Error, CustomStringConvertible {
  let origin: String

  public var description: String {
    "\"\(origin.printable())\" is not an origin. It must be like https://example.org or http://localhost:3000, without a path, or * for all."
  }
}
