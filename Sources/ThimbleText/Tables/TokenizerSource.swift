/// A vocabulary and its merges, as a checkpoint holds them.
///
/// The builder asks for every token and every merge more than once, and in any order.
public protocol TokenizerSource {
  /// Number of tokens.
  var tokenCount: Int { get }
  /// Number of lines of the merges; the rank of a merge is its line.
  var mergeCount: Int { get }

  /// Appends the bytes of a token as vocab.json spells it (`hello</w>`), and returns its id.
  func appendToken(_ index: Int, to bytes: inout [UInt8]) -> Int

  /// Appends the two parts of a merge as merges.txt spells them.
  ///
  /// A line that is no pair leaves one of them empty: it keeps its rank and never matches.
  func appendMerge(_ rank: Int, left: inout [UInt8], right: inout [UInt8])
}
