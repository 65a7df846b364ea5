// ThimbleConvertTests
