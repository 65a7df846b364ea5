import ThimbleTestSupport

/// The path of a checkpoint: these fixtures lie with the tests of their containers.
func fixture(_ name: String) -> String {
  repository("Tests/ThimbleCheckpointTests/Fixtures/\(name)")
}
