"""The quantile of the standard normal distribution behind every 95% interval."""

from __future__ import annotations

Z95 = 1.959963984540054
"""Standard errors that a normal 95% interval reaches to either side: the 97.5th percentile of N(0, 1)."""
