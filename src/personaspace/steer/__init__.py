"""Steering of a frozen language model toward personas: training, asking, generating and exporting."""
