import ThimbleSystem
import ThimbleText

/// Dictionaries made up for tests.
enum SmallDictionaries {
  static let chinese = """
    北京 10 ns
    大学 20
    北京大学 15
    学生 9
    生 1
    我 100
    是 100
    \tstart B -0.3
    \tstart S -1.4
    \ttransition B E -0.5
    \ttransition B M -0.9
    \ttransition M E -0.3
    \ttransition M M -1.3
    \ttransition E B -0.6
    \ttransition E S -0.8
    \ttransition S B -0.7
    \ttransition S S -0.7
    \temission B 李 -2
    \temission E 明 -2
    \temission S 去 -1
    """
  static let thai = "สวัสดี\nชาว\nโลก\nชาวโลก\nตา\nกลม\nตาก\nลม\n"

  static func parsed(
    chinese: String? = chinese, thai: String? = thai
  ) throws -> SegmentationDictionaries {
    SegmentationDictionaries(
      chinese: try chinese.map { text in
        try ByteView(Array(text.utf8)).withSpan { span throws(TextError) in
          try ChineseDictionary(parsing: span)
        }
      },
      thai: try thai.map { text in
        try ByteView(Array(text.utf8)).withSpan { span throws(TextError) in
          try ThaiDictionary(parsing: span)
        }
      })
  }
}
