// ThimbleFormatTests
