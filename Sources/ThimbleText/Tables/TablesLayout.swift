internal import ThimbleSystem

/// The header and section table of tokenizer tables, checked in constant time.
struct TablesLayout {
  static let magic: UInt32 = 0x4B4F_5458  // "XTOK"
  /// 3 and 4 have what a reader of the version before would have to heed.
  static let versions = 2...4
  static let headerSize = 32
  static let sectionLimit = 32
  /// Symbols and merges are fewer, so that 21 bits hold any of them.
  static let countLimit = 0x1F_FFFF
  static let lowercasesFlag: UInt32 = 1
  static let isCasedFlag: UInt32 = 2
  static let isFrenchFlag: UInt32 = 4

  /// Kinds of sections. Readers pass over those that they do not know.
  enum Section: UInt32, CaseIterable {
    case texts = 1
    case symbolBlocks = 2
    case displacements = 3
    case slots = 4
    case mergeRecords = 5
    case languages = 6
    case moreMerges = 7
    case chineseWords = 8
    case chineseModel = 9
    case thaiWords = 10
    case addedTokens = 11

    var isOptional: Bool { rawValue >= Self.chineseWords.rawValue }
  }

  let tokenCount: Int
  let symbolCount: Int
  let mergeCount: Int
  let lowercases: Bool
  let isCased: Bool
  let kind: TokenizerTables.Kind
  let hashSeed: UInt32
  private let view: ByteView
  private var sections: [Section: Range<Int>] = [:]

  /// The bytes of a section. All sections are there once the layout is.
  subscript(section: Section) -> ByteView { view[self.range(of: section)] }

  /// Where a section lies in the tables.
  func range(of section: Section) -> Range<Int> { sections[section, default: 0..<0] }

  init(_ view: ByteView) throws(TextError) {
    guard view.count >= Self.headerSize, view.load(at: 0, as: UInt32.self) == Self.magic else {
      throw .damagedTables(reason: "they do not begin with \"XTOK\"")
    }
    let version = Int(view.load(at: 4, as: UInt16.self))
    guard Self.versions.contains(version) else {
      throw .unknownVersion(found: version, supported: Self.versions.upperBound)
    }
    let flags = view.load(at: 8, as: UInt32.self)
    let known =
      Self.lowercasesFlag | (version > 2 ? Self.isCasedFlag : 0)
      | (version > 3 ? Self.isFrenchFlag : 0)
    guard flags & ~known == 0, view.load(at: 6, as: UInt16.self) == 0 else {
      throw .damagedTables(reason: "their header has bits that mean nothing")
    }
    lowercases = flags & Self.lowercasesFlag != 0
    isCased = flags & Self.isCasedFlag != 0
    kind = flags & Self.isFrenchFlag != 0 ? .flaubert : .xlm
    tokenCount = Int(view.load(at: 12, as: UInt32.self))
    symbolCount = Int(view.load(at: 16, as: UInt32.self))
    mergeCount = Int(view.load(at: 20, as: UInt32.self))
    hashSeed = view.load(at: 24, as: UInt32.self)
    let sectionCount = Int(view.load(at: 28, as: UInt32.self))
    let limit = Self.countLimit
    guard tokenCount <= symbolCount, symbolCount < limit, mergeCount < limit else {
      throw .damagedTables(
        reason: "\(tokenCount) tokens, \(symbolCount) symbols and \(mergeCount) merges are "
          + "impossible counts")
    }
    guard sectionCount <= Self.sectionLimit,
      view.count >= Self.headerSize + 12 * sectionCount
    else { throw .damagedTables(reason: "\(sectionCount) sections do not fit") }
    self.view = view
    try readSections(count: sectionCount)
    if version == 2 { sections[.addedTokens] = nil }
    try checkSizes()
    try checkRoles()
  }

  private mutating func readSections(count: Int) throws(TextError) {
    var end = UInt64(Self.headerSize + 12 * count)
    for index in 0..<count {
      let entry = Self.headerSize + 12 * index
      let kind = view.load(at: entry, as: UInt32.self)
      let offset = UInt64(view.load(at: entry + 4, as: UInt32.self))
      let size = UInt64(view.load(at: entry + 8, as: UInt32.self))
      guard offset >= end, offset % 8 == 0, offset + size <= UInt64(view.count) else {
        throw .damagedTables(
          reason: "section \(kind) claims bytes \(offset)..<\(offset + size) of \(view.count)")
      }
      end = offset + size
      guard let section = Section(rawValue: kind) else { continue }
      guard sections.updateValue(Int(offset)..<Int(end), forKey: section) == nil else {
        throw .damagedTables(reason: "section \(kind) occurs twice")
      }
    }
  }

  private func checkSizes() throws(TextError) {
    for section in Section.allCases {
      guard let found = sections[section]?.count else {
        if section.isOptional { continue }
        throw .damagedTables(reason: "section \(section) is missing")
      }
      let fits =
        switch section {
        case .symbolBlocks: found == (symbolCount + 15) / 16 * 24
        case .mergeRecords: found == symbolCount * 3
        case .displacements: found % 2 == 0
        case .slots: found % 3 == 0
        case .chineseWords, .thaiWords: WordTrie.canHave(byteCount: found)
        case .chineseModel: CharacterModel.canHave(byteCount: found)
        case .addedTokens: AddedTokenList.Stored.canHave(byteCount: found)
        case .moreMerges: found % 8 == 0
        case .texts, .languages: true
        }
      guard fits else {
        throw .damagedTables(reason: "section \(section) cannot have \(found) bytes")
      }
    }
  }

  /// The tokens with a meaning of their own are among the tokens: they go to the model unseen.
  private func checkRoles() throws(TextError) {
    guard let added = AddedTokenList.Stored(self[.addedTokens]) else { return }
    for (index, id) in added.roles.enumerated() {
      // A sequence needs the first three.
      guard id < UInt32(tokenCount) || index > 2 && id == AddedTokenList.Stored.none else {
        throw .damagedTables(reason: "the special token \(id) does not exist")
      }
    }
  }
}
