"""Drafts of codebooks: the role of every column of a table, guessed by rules that a user can read."""
