"""Virtual tokens in the forward pass of the frozen model."""
