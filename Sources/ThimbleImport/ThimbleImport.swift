// ThimbleImport
