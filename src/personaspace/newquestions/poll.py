"""Poll: the answers of personas to one question, and how reliable they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question


@dataclass(frozen=True, eq=False)
class Poll:
    """Answers of personas to one question.

    Attributes:
        question: The question asked.
        probabilities: Personas in rows, options in columns; rows sum to 1.
        sensitivity: For each persona the mean ``total_variation`` between two phrasings, and whether the likeliest
            option changes between phrasings (``top_changes``); ``None`` with one phrasing only.
        refused: Each persona's probability of refusing; ``None`` where the model was not trained on refusals.
        low: Lower end of the 95% intervals, as ``probabilities``; NaN for a persona with fewer than two members,
            ``None`` where no intervals were asked for.
        high: Upper end.
        spread: Standard deviation between the models of an ensemble, as ``probabilities``; ``None`` without one.
    """

    question: Question
    probabilities: pd.DataFrame
    sensitivity: pd.DataFrame | None = None
    refused: pd.Series[float] | None = None
    low: pd.DataFrame | None = None
    high: pd.DataFrame | None = None
    spread: pd.DataFrame | None = None

    def to_json(self) -> dict[str, Any]:
        """The poll as plain values, by persona and option; tables that were not asked for are left out."""
        content: dict[str, Any] = {"question": self.question.text, "answers": _by_persona(self.probabilities)}
        for name in ("low", "high", "spread", "sensitivity"):
            if (table := getattr(self, name)) is not None:
                content[name] = _by_persona(table)
        if self.sensitivity is not None:
            content["mean_total_variation"] = float(self.sensitivity["total_variation"].mean())
            content["share_whose_top_changes"] = float(self.sensitivity["top_changes"].mean())
        if self.refused is not None:
            content["refused"] = self.refused.to_dict()
        return content


def sensitivity(phrased: Vectors, index: pd.Index[Any]) -> pd.DataFrame | None:
    """Sensitivity of answers to the phrasing; ``None`` with one phrasing only.

    Args:
        phrased: Shape ``[phrasings, personas, options]``.
        index: The personas.

    Returns:
        One row per persona: ``total_variation``, the mean over pairs of phrasings, and ``top_changes``, whether the
        likeliest option changes.

    Example:
        >>> phrased = np.array([[[0.75, 0.25]], [[0.25, 0.75]]], np.float32)
        >>> sensitivity(phrased, pd.Index(["cluster-1"])).to_dict("list")
        {'total_variation': [0.5], 'top_changes': [True]}
    """
    if len(phrased) < 2:
        return None
    apart = [np.abs(first - second).sum(axis=1) / 2 for first, second in combinations(phrased, 2)]
    top = phrased.argmax(axis=2)
    return pd.DataFrame({"total_variation": np.mean(apart, axis=0), "top_changes": (top != top[0]).any(axis=0)}, index)


def _by_persona(table: pd.DataFrame) -> dict[Any, dict[Any, Any]]:
    return {
        persona: {column: None if pd.isna(value) else value for column, value in row.items()}
        for persona, row in table.to_dict(orient="index").items()
    }
