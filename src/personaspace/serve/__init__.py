"""Steered models behind a server."""
