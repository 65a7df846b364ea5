// ThimbleTextTests
