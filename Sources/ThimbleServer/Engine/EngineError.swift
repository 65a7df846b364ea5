/// Why work was not done.
enum EngineError: Error, CustomStringConvertible {
  /// The queue is full; there should be room again in `retryAfter` seconds.
  case full(retryAfter: Int)
  /// The request alone has more tokens than the queue holds.
  case tooMuch(tokens: Int, limit: Int)
  /// What would be read for the request alone takes more than there is room for.
  case tooLarge(bytes: Int, limit: Int)
  /// The work was made for a model that is being replaced: make it again.
  case outdated
  /// The server is ending, or busy with an earlier reload.
  case ending
  /// A new model takes so many bytes while it is probed beside the old one; so many are missing.
  case noRoom(bytes: Int, missing: Int)
  case model(any Error)

  var description: String {
    switch self {
    case .full(let seconds): "Too many requests are waiting. Try again in \(seconds) s."
    case .tooMuch(let tokens, let limit):
      "The request takes \(tokens) tokens; at most \(limit) can wait. Split it."
    case .tooLarge(let bytes, let limit):
      "The results for this answer would take \(bytes) bytes; at most \(limit) are kept. Ask for less at once."
    case .outdated: "The model has just been replaced. Try again."
    case .ending: "The server is shutting down or reloading. Try again later."
    case .noRoom(let bytes, let missing):
      "Probing the new model beside the old one takes \(bytes >> 10) KiB, and the memory budget is \((missing >> 10) + 1) KiB short. Restart with more memory, or restart to change models."
    case .model(let error): "\(error)"
    }
  }
}
