// ThimbleModelTests
