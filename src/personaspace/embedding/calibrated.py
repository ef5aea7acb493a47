"""Embedders whose predictions are calibrated once they are fitted."""

from __future__ import annotations

from dataclasses import dataclass, field

from personaspace.embedding.base import Embedder
from personaspace.embedding.platt import platt_scale
from personaspace.survey.survey import Survey


@dataclass(eq=False)
class Calibrated(Embedder):
    """An embedder that ends its fit with calibration; the committee does not, whose weights are one.

    Attributes:
        calibrated: Whether v and b are calibrated in the end (:func:`personaspace.embedding.platt.platt_scale`); it may
            change which option is the likeliest.
    """

    calibrated: bool = field(default=True, kw_only=True)

    def _calibrate(self, survey: Survey) -> None:
        if self.calibrated:
            platt_scale(self, survey)
