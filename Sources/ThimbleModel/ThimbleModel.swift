// ThimbleModel
