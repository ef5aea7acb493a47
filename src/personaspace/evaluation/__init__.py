"""Does it work: metrics, baselines, protocol."""
