"""Types of the arrays that files pass to each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Vectors = npt.NDArray[np.float32]
"""Vectors of respondents, personas or questions, shape ``[vectors, dim]``."""
