// ThimbleCheckpoint
