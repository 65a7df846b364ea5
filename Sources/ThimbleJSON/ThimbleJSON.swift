// ThimbleJSON
