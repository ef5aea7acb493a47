"""Pretraining of nano, the small causal language model shipped with the package."""
