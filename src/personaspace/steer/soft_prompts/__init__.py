"""Soft-prompting models: they make virtual tokens from a point of the space."""
