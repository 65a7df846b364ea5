// ThimbleArchitecture
