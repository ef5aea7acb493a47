"""Text generation by steered models."""
