"""Steered models for other libraries and for the hub."""
