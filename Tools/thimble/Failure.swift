internal import ArgumentParser
internal import Thimble
internal import ThimbleCheckpoint
internal import ThimbleConvert
internal import ThimbleEvaluation
internal import ThimbleFormat
internal import ThimbleImport
internal import ThimbleModel
internal import ThimbleServer
internal import ThimbleSystem
internal import ThimbleText

/// How the command ends when it cannot do its work (sysexits.h).
enum Failure: Int32 {
  case usage = 64
  case data = 65
  case noInput = 66
  case software = 70
  case inputOutput = 74

  /// The exit code that fits `error`.
  init(_ error: any Error) {
    switch error {
    case let error as SystemError: self = Self.of(error)
    case let error as FormatError:
      if case .system(let error) = error { self = Self.of(error) } else { self = .data }
    case let error as ModelError:
      switch error {
      case .system(let error): self = Self.of(error)
      case .format(let error): self = Failure(error)
      case .budget: self = .usage
      default: self = .data
      }
    case let error as ImportError:
      switch error {
      case .system(let error), .checkpoint(.system(let error)): self = Self.of(error)
      case .missingFile, .checkpoint(.noWeights), .checkpoint(.severalWeights),
        .checkpoint(.snapshots):
        self = .noInput
      default: self = .data
      }
    case let error as ConvertError:
      switch error {
      case .unreachable, .missed: self = .usage
      case .system, .format(.system): self = .inputOutput  // of the file that was to be written
      default: self = .data
      }
    case let error as EvaluationError:
      switch error {
      case .system(let error): self = Self.of(error)
      case .model(let error): self = Failure(error)
      case .noText: self = .noInput
      default: self = .data
      }
    case let error as ThimbleError:
      switch error {
      case .model(let error): self = Failure(error)
      case .text(let error): self = Failure(error)
      default: self = .data
      }
    case TextError.outOfMemory: self = .inputOutput
    case is KernelError: self = .usage
    case is ListenError: self = .inputOutput
    default: self = .data
    }
  }

  private static func of(_ error: SystemError) -> Failure {
    switch error {
    // ENOENT, ENOTDIR, EACCES on what was to be read: there is no such input.
    case .file("open", _, let code) where [2, 13, 20].contains(code): .noInput
    case .notAFile: .noInput
    case .zstd, .lineTooLong: .data
    case .file, .noSpace, .outOfMemory, .thread: .inputOutput
    }
  }
}

/// The message of `error` for a person at the command line: what the libraries know, and which option helps.
func explanation(of error: any Error) -> String {
  // Whatever foreign text a message quotes, it steers no terminal and fills no screen.
  let text = "\(error)".printable(limit: 4000, keepsLines: true)
  guard let advice = advice(for: error) else { return text }
  return "\(text) \(advice)"
}

private func advice(for error: any Error) -> String? {
  switch error {
  case ThimbleError.tooLong, ModelError.tooManyTokens:
    "Split it, or cut it with --truncate."
  case ThimbleError.notCausal: "If it was trained causally all the same, say so with --causal."
  case ThimbleError.noRoom:
    "Lower --length, or let go of the beginning of the text with --truncate."
  case ThimbleError.noTokenizer: "Or give token ids with --ids."
  case ThimbleError.label: "Name one with --label."
  case ThimbleError.model(let error): advice(for: error)
  case EvaluationError.classes: "Say which is which with --labels."
  case ModelError.budget: "Raise --memory."
  case ModelError.inflated: "If you trust it, say with --memory how much it may use."
  case ModelError.system(let error): advice(for: error)
  case ListenError.inUse(.host): "Choose another --port, or end the other program."
  case ListenError.inUse, ListenError.notASocket: "Choose another path for --unix."
  case ListenError.host, ListenError.refused(.host, _): "Choose another --host or --port."
  case ListenError.pathTooLong, ListenError.refused(.unix, _): "Choose another path for --unix."
  case ListenError.refused(.descriptor, _): "Look at the socket unit."
  case SystemError.outOfMemory: "Free some memory, or lower --memory."
  default: nil
  }
}

/// Writes the message of `error` to standard error. It may be closed; then there is nobody to tell.
///
/// - Parameter place: of the text that it is about: "line 3".
func report(_ error: any Error, at place: String? = nil) {
  try? StandardStream.error.write(
    "thimble: \(place.map { "\($0): " } ?? "")\(explanation(of: error))\n")
}

/// How a process ends whose reader has gone, as `thimble … | head` makes one: as if by the signal, SIGPIPE.
private let readerHasGone = ExitCode(128 + 13)

/// Runs `body`; an error becomes its message on standard error and an exit code. That nobody reads any more is none.
func reportingFailure(_ body: () throws -> Void) throws {
  do { try body() } catch let error as ExitCode { throw error } catch let error as ValidationError {
    // Found while the command ran: the usage of its options would not help.
    report(error)
    throw ExitCode(Failure.usage.rawValue)
  } catch SystemError.file("write", _, 32) {  // EPIPE
    throw readerHasGone
  } catch {
    report(error)
    throw ExitCode(Failure(error).rawValue)
  }
}
