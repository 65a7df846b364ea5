internal import NIOCore
internal import ThimbleSystem

/// Where the server waits for clients.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// An address or a name that resolves to one; port 0 is any that is free.
  case host(String, port: Int)
  /// A Unix socket. One that nobody answers at any more is replaced.
  case unix(path: String)
  /// A listening socket that was inherited, as systemd hands it over.
  case descriptor(Int32)

  public var description: String { description(bound: nil) }

  /// The address for people, with the port that the system chose.
  func description(bound: SocketAddress?) -> String {
    switch self {
    case .host(let host, let port):
      "http://\(Self.bracketed(host)):\(bound?.port ?? port)"
    case .unix(let path): "unix:\(path)"
    case .descriptor:
      switch bound {
      case .v4?, .v6?: "http://\(bound?.ipAddress.map(Self.bracketed) ?? ""):\(bound?.port ?? 0)"
      case .unixDomainSocket?: "unix:\(bound?.pathname ?? "")"
      case nil: "an inherited socket"
      }
    }
  }

  private static func bracketed(_ host: String) -> String {
    host.contains(":") ? "[\(host)]" : host
  }

  /// Removes the socket that a server left behind, but nothing else.
  ///
  /// - Throws: `ListenError` if a server answers there, or if it is no socket.
  func removeStaleSocket(at path: String) throws {
    switch try localSocket(at: path) {
    case .absent: break
    case .stale: removePath(path)
    case .answering: throw ListenError.inUse(self)
    case .otherFile: throw ListenError.notASocket(path: path)
    }
  }
}

/// Clients cannot be waited for at an address.
public enum ListenError: Error, CustomStringConvertible {
  /// Another program listens there.
  case inUse(ListenAddress)
  /// The host has no address that this machine could listen at.
  case host(String)
  /// Something else stands where the Unix socket should be.
  case notASocket(path: String)
  /// The path of the Unix socket has more bytes than the system takes.
  case pathTooLong(String)
  /// The system refuses; `code` is the C error number.
  case refused(ListenAddress, code: Int32)

  init(_ address: ListenAddress, _ error: any Error) {
    switch (error, address) {
    case (let error as ListenError, _): self = error
    case (let error as IOError, _):
      self =
        error.errnoCode == CError.addressInUse
        ? .inUse(address) : .refused(address, code: error.errnoCode)
    case (SystemError.file(_, _, let code), _): self = .refused(address, code: code)
    case (is SocketAddressError, .unix(let path)): self = .pathTooLong(path)
    case (_, .host(let host, _)): self = .host(host)
    default: self = .refused(address, code: CError.invalidArgument)
    }
  }

  public var description: String {
    switch self {
    case .inUse(let address): "\(address): another program listens there already."
    case .host(let host): "\"\(host)\" is not an address or name that this machine knows."
    case .notASocket(let path): "\(path) is there already, and is not a socket."
    case .pathTooLong(let path): "\(path): a socket's path may have at most 107 bytes."
    case .refused(let address, let code):
      SystemError.file(operation: "listen", path: "\(address)", code: code).description
    }
  }
}
