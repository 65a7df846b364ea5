// ThimbleReference
