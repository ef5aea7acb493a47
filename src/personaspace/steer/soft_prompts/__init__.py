"""Soft-prompting models: from a point of the space to virtual tokens."""
