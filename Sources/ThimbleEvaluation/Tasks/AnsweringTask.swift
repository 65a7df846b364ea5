internal import ThimbleJSON
internal import ThimbleSystem

/// Questions about texts, with their answers: files as those of SQuAD 1.1 and 2.0 (Rajpurkar et al., 2016 and 2018), which XQuAD and
/// MLQA have too.
public struct AnsweringTask: Sendable {
  struct Example: Sendable {
    let language: String
    let question: String
    /// An index of `contexts`.
    let context: Int
    /// Texts that are right; none if the context does not answer the question.
    let answers: [String]
    let path: String
    /// "data[0].paragraphs[3].qas[1]".
    let place: String
  }

  let examples: [Example]
  let contexts: [String]
  /// Whether questions may have no answer, as in version 2.
  let allowsNone: Bool

  /// As many values as three times the training part of SQuAD 2.0 has.
  private static let mostValues = 1 << 23

  /// Reads JSON as SQuAD has it, named after the language, as in xquad.de.json.
  ///
  /// - Parameter limit: the most questions of a file.
  /// - Throws: `EvaluationError`: `.line` for what is no JSON, `.record` for what is missing.
  public init(paths: [String], limit: Int? = nil) throws(EvaluationError) {
    var (examples, contexts, allowsNone): ([Example], [String], Bool) = ([], [], false)
    for path in paths {
      let file = Record(value: try Self.read(path), path: path, place: "the file")
      // Version 1.1 has an answer to every question, and knows no such field.
      var count = 0
      reading: for article in try file.list("data") {
        for paragraph in try article.list("paragraphs") {
          let questions = try paragraph.list("qas")
          contexts.append(try paragraph.text("context"))
          for question in questions {
            guard count < limit ?? .max else { break reading }
            let answers = try question.list("answers").map { answer throws(EvaluationError) in
              try answer.text("text")
            }
            let isImpossible = try question.flag("is_impossible")
            allowsNone = allowsNone || isImpossible != nil
            guard isImpossible != nil || !answers.isEmpty else {
              throw question.refusal("\"answers\" is empty, and \"is_impossible\" is not there.")
            }
            examples.append(
              Example(
                language: languageName(ofPath: path), question: try question.text("question"),
                context: contexts.count - 1, answers: isImpossible == true ? [] : answers,
                path: path, place: question.place))
            count += 1
          }
        }
      }
      guard count > 0 else { throw .noText(path: path, reason: "there are no questions.") }
    }
    (self.examples, self.contexts, self.allowsNone) = (examples, contexts, allowsNone)
  }

  private static func read(_ path: String) throws(EvaluationError) -> JSONValue {
    let bytes: [UInt8]
    do { bytes = try contents(ofPath: path).bytes() } catch { throw .system(error) }
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    do {
      return try JSONValue(parsing: bytes.span.extracting(start...), maximumValueCount: mostValues)
    } catch {
      let line = bytes.prefix(start + error.offset).count { $0 == 0x0A } + 1
      throw .line(path: path, number: line, reason: "\(error)")
    }
  }
}

/// An object of a JSON file, and where it stands there.
private struct Record {
  let value: JSONValue
  let path: String
  let place: String

  func refusal(_ reason: String) -> EvaluationError {
    .record(path: path, place: place, reason: reason)
  }

  func list(_ name: String) throws(EvaluationError) -> [Record] {
    guard let list = value[name]?.array else { throw refusal("\"\(name)\" must be a list.") }
    let start = place == "the file" ? "" : place + "."
    return list.enumerated().map {
      Record(value: $1, path: path, place: "\(start)\(name)[\($0)]")
    }
  }

  func text(_ name: String) throws(EvaluationError) -> String {
    guard let text = value[name]?.string else { throw refusal("\"\(name)\" must be a text.") }
    return text
  }

  /// nil if it is not there.
  func flag(_ name: String) throws(EvaluationError) -> Bool? {
    guard let found = value[name] else { return nil }
    guard let flag = found.bool else { throw refusal("\"\(name)\" must be true or false.") }
    return flag
  }
}
