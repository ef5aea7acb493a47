"""Training of the soft-prompting model."""
