"""Method: a row of the table, and how it predicts answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.predictions import Predictions
from personaspace.survey.survey import Survey


@dataclass(frozen=True)
class Method:
    """A row of the table on an evaluation set.

    Attributes:
        name: The name of the row.
        predict: Predicts the answers of the set, or some of them.
        of_known: Whether what it predicts depends on the answers that are known of the respondents, or on their
            vectors, which are made of these. Otherwise it is the same on all sets with the same answers to predict.
        slow: Whether it takes long, so that its time is said beforehand.
    """

    name: str
    predict: Callable[[Survey], Predictions]
    of_known: bool = True
    slow: bool = False

    def key(self, at: EvaluationSet) -> tuple[str, int, str]:
        """Equal where two evaluation sets have the same predictions."""
        return self.name, id(at.test), at.name if self.of_known else ""
