public import ThimbleArchitecture
internal import ThimbleContents
public import ThimbleFormat
internal import ThimbleModel
internal import ThimbleSystem
public import ThimbleText

/// An open .thimble file whose sections fit each other: what every use of a file begins with.
public struct ModelFile: Sendable {
  public let file: ThimbleFile
  public let configuration: ModelConfiguration
  /// nil if the file has no tokenizer.
  public let tables: TokenizerTables?

  /// The heads of which every tensor is there.
  public var heads: [HeadKind] { configuration.heads { file.tensor(named: $0.name) != nil } }

  /// Opens the file at `path` and checks all but its weights: their hashes are checked at their first use.
  ///
  /// - Throws: `ModelError` or `TextError`; `ModelError.disagreements` if the sections do not fit each other.
  public init(path: String) throws {
    do { file = try ThimbleFile(path: path) } catch { throw ModelError.format(error) }
    configuration = try FileWeights.configuration(of: file)
    if !file.tokenizer.isEmpty {
      do { try file.checkTokenizer() } catch { throw ModelError.format(error) }
    }
    tables = file.tokenizer.isEmpty ? nil : try TokenizerTables(view: file.tokenizer)
    let found = ModelSections(file, configuration, tables).disagreements
    guard found.isEmpty else { throw ModelError.disagreements(path: path, found) }
  }
}
