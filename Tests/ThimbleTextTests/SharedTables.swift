import ThimbleSystem
import ThimbleTestSupport
import ThimbleText

/// The tables of vocabularies that several tests read, each built once.
enum SharedTables: Int, CaseIterable {
  case smallCased, smallLower, real17, realXNLI15

  var lowercases: Bool { self == .smallLower || self == .realXNLI15 }

  /// - Throws: if a file is missing, or the tables cannot be built.
  func tables() throws -> TokenizerTables {
    switch self {
    case .smallCased: try Self.builtSmallCased.get()
    case .smallLower: try Self.builtSmallLower.get()
    case .real17: try Self.builtReal17.get()
    case .realXNLI15: try Self.builtRealXNLI15.get()
    }
  }

  static func small(lowercases: Bool = false) throws -> TokenizerTables {
    try (lowercases ? smallLower : smallCased).tables()
  }

  /// Those of the small vocabulary, with small dictionaries of Chinese and Thai.
  static func withDictionaries(
    kind: TokenizerTables.Kind, lowercases: Bool
  ) throws -> TokenizerTables {
    try TokenizerTables(
      view: ByteView(
        TokenizerTables.build(
          from: VocabularyFiles(fixture("")), kind: kind, lowercases: lowercases, languages: [],
          dictionaries: SmallDictionaries.parsed())))
  }

  private static let builtSmallCased = smallCased.build()
  private static let builtSmallLower = smallLower.build()
  private static let builtReal17 = real17.build()
  private static let builtRealXNLI15 = realXNLI15.build()

  private func build() -> Result<TokenizerTables, any Error> {
    Result { try VocabularyFiles(folder).tables(lowercases: lowercases) }
  }

  /// The real ones may be read but not copied into the package.
  private var folder: String {
    switch self {
    case .smallCased, .smallLower: fixture("")
    case .real17: repository("../shared/tokenizers/xlm-mlm-17-1280")
    case .realXNLI15: repository("../shared/tokenizers/xlm-mlm-xnli15-1024")
    }
  }

  /// Whether the real ones are there.
  static var hasReal: Bool {
    [real17, realXNLI15].allSatisfy { (try? MappedFile(path: $0.folder + "/vocab.json")) != nil }
  }
}
