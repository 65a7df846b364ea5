// ThimbleOps
