// Thimble
