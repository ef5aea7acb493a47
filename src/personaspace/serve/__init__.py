"""Servers of steered models and clients of servers that run their base model."""
