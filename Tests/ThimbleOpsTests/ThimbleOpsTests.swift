// ThimbleOpsTests
