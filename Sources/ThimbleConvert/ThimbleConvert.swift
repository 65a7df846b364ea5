// ThimbleConvert
