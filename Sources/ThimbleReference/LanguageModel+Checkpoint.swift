public import Thimble

extension LanguageModel {
  /// Opens the checkpoint at `checkpoint`, a folder or a file, to run it in place in fp32.
  public convenience init(checkpoint: String, options: RunOptions = RunOptions()) throws {
    try self.init(.checkpoint(checkpoint, options: options))
  }
}
