"""Collaborative filters: answers to vectors."""
