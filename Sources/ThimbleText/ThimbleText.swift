// ThimbleText
