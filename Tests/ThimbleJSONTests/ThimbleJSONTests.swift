// ThimbleJSONTests
