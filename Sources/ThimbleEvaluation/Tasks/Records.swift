internal import ThimbleSystem

/// The records of a table in text: TSV as XNLI has it, where a quote is a quote, or CSV (RFC 4180).
struct Records {
  enum Form { case tabs, commas }

  private let bytes: ByteView
  private let form: Form
  private var offset = 0
  private var nextLine = 1
  /// The line that the last record began on, from 1.
  private(set) var number = 0

  init(_ bytes: ByteView, _ form: Form) {
    self.bytes = bytes
    self.form = form
  }

  /// The fields of the next record that is not an empty line; nil at the end.
  ///
  /// - Throws: `RecordError` for text that is not UTF-8 or a quote that nothing ends.
  mutating func next() throws(RecordError) -> [String]? {
    while offset < bytes.count {
      number = nextLine
      let fields = try readRecord()
      if fields.count > 1 || !fields[0].isEmpty { return fields }
    }
    return nil
  }

  private mutating func readRecord() throws(RecordError) -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    func finished(_ field: [UInt8]) throws(RecordError) -> String {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw RecordError(number: number, reason: "the text is not UTF-8.")
      }
      return text
    }
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if byte == 0x0A { nextLine += 1 }
      switch (byte, isQuoted) {
      case (0x22, false) where form == .commas && field.isEmpty: isQuoted = true
      case (0x22, true):
        let isDoubled = offset < bytes.count && bytes[offset] == 0x22
        if isDoubled {
          field.append(byte)
          offset += 1
        } else {
          isQuoted = false
        }
      case (0x0A, false):
        if field.last == 0x0D { field.removeLast() }
        return fields + [try finished(field)]
      case (0x09, false) where form == .tabs, (0x2C, false) where form == .commas:
        fields.append(try finished(field))
        field = []
      default: field.append(byte)
      }
    }
    guard !isQuoted else { throw RecordError(number: number, reason: "a quote is never closed.") }
    return fields + [try finished(field)]
  }
}

/// What is wrong with a record.
struct RecordError: Error {
  let number: Int
  let reason: String
}

extension EvaluationError {
  init(_ error: RecordError, path: String) {
    self = .line(path: path, number: error.number, reason: error.reason)
  }
}

/// The places of columns by name, from a header.
struct Columns {
  private let places: [Int]

  /// - Parameter names: for each column the names that it may have.
  /// - Throws: `EvaluationError.column` for the first that is missing.
  init(_ names: [[String]], in header: [String], path: String) throws(EvaluationError) {
    var places: [Int] = []
    for alternatives in names {
      guard let place = header.firstIndex(where: { alternatives.contains($0) }) else {
        throw .column(path: path, name: alternatives[0], found: header)
      }
      places.append(place)
    }
    self.places = places
  }

  /// The columns' fields in `record`.
  func fields(of record: [String], path: String, number: Int) throws(EvaluationError) -> [String] {
    guard let last = places.max(), record.count > last else {
      throw .line(
        path: path, number: number,
        reason: "there are \(record.count) columns where \((places.max() ?? 0) + 1) are needed.")
    }
    return places.map { record[$0] }
  }
}
