public import Logging
internal import ThimbleJSON
internal import ThimbleSystem

/// How a line of the log is written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// `time level label: message key=value`, for people.
  case text
  /// One JSON object a line, with `time`, `level`, `label`, `message`, and what belongs to the message beside them.
  case json
}

/// Writes every event of a log as one line, whatever texts are in it.
public struct LineLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  private let label: String
  private let format: LogFormat
  private let write: @Sendable (String) -> Void

  /// - Parameter write: gets a line at a time, its line feed included.
  public init(
    label: String, level: Logger.Level, format: LogFormat,
    write: @escaping @Sendable (String) -> Void
  ) {
    (self.label, logLevel, self.format, self.write) = (label, level, format, write)
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
      .map { (key: $0.key, value: "\($0.value)") }
    switch format {
    case .text:
      let values = fields.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
      let message = event.message.description.printable(limit: 2000)
      write("\(timestamp()) \(event.level) \(label): \(message)\(values)\n")
    case .json:
      var object: JSONObject = [
        "time": .string(timestamp()), "level": .string(event.level.rawValue),
        "label": .string(label), "message": .string(event.message.description),
      ]
      for (key, value) in fields {
        object.set(object[key] == nil ? key : "_" + key, to: .string(value))
      }
      write(JSONValue.object(object).text() + "\n")
    }
  }

  /// Values that are not one word stand in quotation marks.
  private static func quoted(_ value: String) -> String {
    let text = value.printable(limit: 2000)
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" }) else { return text }
    return JSONValue.string(text).text()
  }
}
