"""The questions of the simulated survey and the model by which attitudes decide their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from personaspace.survey.question import FloatArray, Option, Question

ATTITUDES = ("economy", "tradition", "technology", "trust")
STRENGTH = 1.5  # of attitudes over chance in an answer
WIDTH = 1.5  # between neighboring thresholds of an ordered question


@dataclass(frozen=True)
class Item:
    """A question with what decides its answers.

    Attributes:
        question: As respondents read it.
        slopes: Loadings on the attitudes, shape ``[1, 4]`` if the question is ordered, else ``[options, 4]``.
        lean: Raises the scores of everyone alike.
        form: Which random half is asked, or ``None`` for all.
    """

    question: Question
    slopes: FloatArray
    lean: float
    form: str | None

    def probabilities(self, attitudes: FloatArray) -> FloatArray:
        """Probability of each option given attitudes ``[n, 4]``; shape ``[n, options]``, rows sum to 1."""
        scores = STRENGTH * attitudes @ self.slopes.T
        return _graded(scores + self.lean, len(self.question.options)) if self.question.ordinal else _softmax(scores)


def _graded(scores: FloatArray, options: int) -> FloatArray:
    """Samejima's graded response model; ``scores`` has shape ``[respondents, 1]``."""
    thresholds = WIDTH * (np.arange(1, options) - options / 2)
    beyond = 1 / (1 + np.exp(thresholds - scores))
    edge = np.ones((len(scores), 1))
    return -np.diff(np.hstack([edge, beyond, 0 * edge]))


def _softmax(scores: FloatArray) -> FloatArray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@cache
def load(name: str) -> dict[str, Any]:
    """The content of one of the simulation's data files."""
    text = resources.files("personaspace.survey").joinpath(name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def simulated_items() -> tuple[Item, ...]:
    """Every question of the simulated survey, in order."""
    asked = load("simulated_questions.yaml")
    return tuple(
        _item(f"{topic}_{number}", topic, entry, asked["scales"])
        for topic, entries in asked["topics"].items()
        for number, entry in enumerate(entries, start=1)
    )


def _item(name: str, topic: str, entry: Mapping[str, Any], scales: Mapping[str, list[str]]) -> Item:
    if "choices" in entry:
        options = tuple(Option(text) for text in entry["choices"])
        slopes = [attitude_vector(loadings) for loadings in entry["choices"].values()]
    else:
        given = entry["options"]
        texts = scales[given] if isinstance(given, str) else given
        options = tuple(Option(text, i / (len(texts) - 1)) for i, text in enumerate(texts))
        slopes = [attitude_vector(entry["loadings"])]
    question = Question(name, entry["text"], options, topic)
    return Item(question, np.array(slopes), entry.get("lean", 0.0), entry.get("form"))


def attitude_vector(loadings: Mapping[str, float]) -> list[float]:
    """Named loadings as a vector in the order of ``ATTITUDES``, 0 where none is named."""
    return [loadings.get(attitude, 0.0) for attitude in ATTITUDES]
