"""Types of the arrays that travel between files."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Vectors = npt.NDArray[np.float32]
"""Points of a space, shape ``[points, dim]``."""
