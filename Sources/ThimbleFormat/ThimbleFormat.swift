// ThimbleFormat
