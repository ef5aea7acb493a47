"""Personas steer a frozen language model."""
