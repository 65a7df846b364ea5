// ThimbleSystemTests
