"""Openers of file formats: each returns the columns of a file with what the file itself says of them."""
