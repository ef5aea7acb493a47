"""Rows of the table: which are chosen, and how each predicts answers."""
