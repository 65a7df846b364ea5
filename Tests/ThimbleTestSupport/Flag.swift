internal import Synchronization

/// Something that one task tells others.
public final class Flag: Sendable {
  private let value = Atomic(false)

  public init() {}

  public func set() { value.store(true, ordering: .releasing) }
  public var isSet: Bool { value.load(ordering: .acquiring) }
}
