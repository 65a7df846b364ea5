import Testing
import ThimbleEvaluation
import ThimbleJSON
import ThimbleTestSupport

/// The goldens are those of seqeval, and of the scripts of SQuAD: see Tools/task-goldens.
@Suite("What tasks are measured by")
struct TaskGoldenTests {
  private func goldens() throws -> JSONValue { try json(fixture("tasks.json")) }

  private func labels(_ value: JSONValue?) throws -> [String] {
    try #require(value?.array).compactMap(\.string)
  }

  @Test("entities of labels in any scheme are those of seqeval")
  func spans() throws {
    let pairs = try #require(try goldens()["tagging"]?["pairs"]?.array)
    #expect(pairs.count == 150)
    for pair in pairs {
      for name in ["right", "found"] {
        let labels = try labels(pair[name])
        let found = entities(labels).map {
          JSONValue.array([
            .string($0.type), JSONValue($0.words.lowerBound), JSONValue($0.words.upperBound),
          ])
        }
        #expect(.array(found) == pair["\(name)_entities"], "\(labels)")
      }
    }
  }

  @Test("precision, recall and F1 are those of seqeval, by type and in all")
  func counts() throws {
    let tagging = try #require(try goldens()["tagging"])
    var (all, types) = (EntityCounts(), [String: EntityCounts]())
    for pair in try #require(tagging["pairs"]?.array) {
      let (right, found) = (
        entities(try labels(pair["right"])), entities(try labels(pair["found"]))
      )
      all.add(found, expected: right)
      for type in Set((right + found).map(\.type)) {
        types[type, default: .init()].add(
          found.filter { $0.type == type }, expected: right.filter { $0.type == type })
      }
    }
    types["micro avg"] = all
    let report = try #require(tagging["report"]?.object)
    #expect(report.count == types.count)
    for (name, counts) in types {
      let row = try #require(report[name])
      #expect(abs(counts.precision - (row["precision"]?.double ?? .nan)) < 1e-12)
      #expect(abs(counts.recall - (row["recall"]?.double ?? .nan)) < 1e-12)
      #expect(abs(counts.f1 - (row["f1-score"]?.double ?? .nan)) < 1e-12)
      #expect(Double(counts.expected) == row["support"]?.double)
    }
    let none = EntityCounts()
    #expect(none.precision == 0 && none.recall == 0 && none.f1 == 0)
  }

  @Test("exact match and F1 of answers are those of both scripts of SQuAD")
  func answers() throws {
    var count = 0
    for golden in try #require(try goldens()["answers"]?.array) {
      let found = try #require(golden["found"]?.string)
      let right = try labels(golden["right"])
      for version in [1, 2] {
        guard let wanted = golden["version\(version)"]?.array?.compactMap(\.double) else {
          continue
        }
        let score = AnswerScore(found, among: right, allowsNone: version == 2)
        #expect(score.exactMatch == wanted[0], "\(golden.text())")
        #expect(abs(score.f1 - wanted[1]) < 1e-12, "\(golden.text())")
        count += 1
      }
    }
    #expect(count > 600)
  }
}
