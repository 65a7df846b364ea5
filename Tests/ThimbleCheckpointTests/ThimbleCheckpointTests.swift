// ThimbleCheckpointTests
