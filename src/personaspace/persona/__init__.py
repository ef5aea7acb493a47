"""Vectors to personas, and what they are made of."""
