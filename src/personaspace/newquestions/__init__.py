"""Predicted answers to questions nobody has been asked yet: a prior from their text."""
