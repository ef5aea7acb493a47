"""Simulate a survey with planted personas: for the demonstration, and for tests that need the truth.

Six personas lie in a space of four attitudes and their members scatter around them. Ordered questions are answered by
Samejima's graded response model, others by a softmax of scores that are linear in the attitudes; the questions and
their loadings are in ``simulated_questions.yaml``, personas and traits in ``simulated_people.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

from personaspace.checks import check_whole
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

ATTITUDES = ("economy", "tradition", "technology", "trust")
STRENGTH = 1.5  # of attitudes over chance in an answer
WIDTH = 1.5  # between neighboring thresholds of an ordered question
SPREAD = 0.45  # of attitudes within a persona
SKIPPED = 0.25  # of the questions put to a respondent, left without a trace
REFUSED = 0.015  # of the questions put to a respondent, refused
WEIGHT_SPREAD = 0.4  # of log weights


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated survey and the truth behind it.

    Attributes:
        survey: The survey, as an analyst would have it.
        persona: Planted persona of each respondent, an index into ``personas``; shape ``[respondents]``.
        personas: Names of the planted personas.
        attitudes: Where each respondent truly stands, shape ``[respondents, 4]``.
        probabilities: True probability of every option, shape ``[respondents, options of all questions]``.
    """

    survey: Survey
    persona: IntArray
    personas: tuple[str, ...]
    attitudes: FloatArray
    probabilities: FloatArray


def simulate(respondents: int = 1000, seed: int = 0) -> Survey:
    """Simulate a survey that nobody answered: 60 questions on 8 topics, six planted personas.

    Args:
        respondents: How many to simulate, at least 1.
        seed: The same seed gives the same survey.

    Returns:
        A survey with ``simulated`` set, about a third of its cells empty, some refusals, six traits and weights.

    Raises:
        SettingError: Fewer than one respondent, or a negative seed.

    Example:
        >>> survey = simulate(respondents=50)
        >>> len(survey.respondents), len(survey.questions), survey.simulated
        (50, 60, True)
    """
    return simulate_with_truth(respondents, seed).survey


def simulate_with_truth(respondents: int = 1000, seed: int = 0) -> Simulation:
    """Simulate a survey as :func:`simulate` does, and return the truth behind it too.

    Args:
        respondents: How many to simulate, at least 1.
        seed: The same seed gives the same survey.

    Returns:
        The survey and the truth.

    Raises:
        SettingError: Fewer than one respondent, or a negative seed.

    Example:
        >>> truth = simulate_with_truth(respondents=50)
        >>> truth.probabilities.shape == (50, truth.survey.offsets[-1])
        True
    """
    check_whole("respondents", respondents, 1)
    check_whole("seed", seed, 0)
    rng = np.random.default_rng(seed)
    people, items = _load("simulated_people.yaml"), _items()
    persona, attitudes = _attitudes(people["personas"], respondents, rng)
    probabilities = [item.probabilities(attitudes) for item in items]
    answers, refusals = _responses(items, probabilities, rng)
    survey = Survey(
        respondents=tuple(f"r{i:0{len(str(respondents))}d}" for i in range(1, respondents + 1)),
        questions=tuple(item.question for item in items),
        answers=answers,
        traits=_traits(people, persona, rng),
        weights=_weights(respondents, rng),
        refusals=refusals,
        name="simulated survey",
        simulated=True,
    )
    return Simulation(survey, persona, tuple(people["personas"]), attitudes, np.hstack(probabilities))


@dataclass(frozen=True)
class _Item:
    """A question with the parameters that decide its answers.

    Attributes:
        question: As respondents read it.
        slopes: Loadings on the attitudes, shape ``[1, 4]`` if the question is ordered, else ``[options, 4]``.
        lean: Raises the scores of everyone alike.
        half: The random half of the respondents that is asked, or ``None`` for all.
    """

    question: Question
    slopes: FloatArray
    lean: float
    half: str | None

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
def _load(name: str) -> dict[str, Any]:
    """The content of one of the simulation's data files."""
    text = resources.files("personaspace.survey").joinpath(name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def _items() -> tuple[_Item, ...]:
    """Every question of the simulated survey, in order."""
    asked = _load("simulated_questions.yaml")
    return tuple(
        _item(f"{topic}_{number}", topic, entry, asked["scales"])
        for topic, entries in asked["topics"].items()
        for number, entry in enumerate(entries, start=1)
    )


def _item(name: str, topic: str, entry: Mapping[str, Any], scales: Mapping[str, list[str]]) -> _Item:
    if "choices" in entry:
        options = tuple(Option(text) for text in entry["choices"])
        slopes = [_vector(loadings) for loadings in entry["choices"].values()]
    else:
        given = entry["options"]
        texts = scales[given] if isinstance(given, str) else given
        options = tuple(Option(text, i / (len(texts) - 1)) for i, text in enumerate(texts))
        slopes = [_vector(entry["loadings"])]
    question = Question(name, entry["text"], options, topic)
    return _Item(question, np.array(slopes), entry.get("lean", 0.0), entry.get("form"))


def _vector(loadings: Mapping[str, float]) -> list[float]:
    """Named loadings as a vector in the order of ``ATTITUDES``, 0 where none is named."""
    return [loadings.get(attitude, 0.0) for attitude in ATTITUDES]


def _attitudes(personas: Mapping[str, Any], respondents: int, rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    shares = [persona["share"] for persona in personas.values()]
    centers = np.array([_vector(persona["center"]) for persona in personas.values()])
    persona = rng.choice(len(shares), size=respondents, p=shares)
    return persona, centers[persona] + rng.normal(0, SPREAD, (respondents, len(ATTITUDES)))


def _responses(
    items: tuple[_Item, ...], probabilities: list[FloatArray], rng: np.random.Generator
) -> tuple[Answers, Pairs]:
    respondents = len(probabilities[0])
    half = rng.choice(["A", "B"], size=respondents)
    asked = np.column_stack([(half == item.half) | (item.half is None) for item in items])
    fate = rng.random(asked.shape)
    refused = asked & (fate < REFUSED)
    answered = asked & (fate >= REFUSED + SKIPPED)
    draw = rng.random(asked.shape)
    chosen = np.column_stack(
        [(draw[:, [j]] > np.cumsum(p[:, :-1], axis=1)).sum(axis=1) for j, p in enumerate(probabilities)]
    )
    rows, columns = np.nonzero(answered)
    return Answers(rows, columns, chosen[rows, columns]), Pairs(*np.nonzero(refused))


def _traits(people: Mapping[str, Any], persona: IntArray, rng: np.random.Generator) -> pd.DataFrame:
    leans = [entry["leans"] for entry in people["personas"].values()]
    return pd.DataFrame(
        {
            trait: _draw_trait(shares, [lean.get(trait, {}) for lean in leans], persona, rng)
            for trait, shares in people["traits"].items()
        }
    )


def _draw_trait(
    shares: Mapping[str, float],
    leans: list[Mapping[str, float]],
    persona: IntArray,
    rng: np.random.Generator,
) -> list[str]:
    odds = np.array([[share * lean.get(value, 1.0) for value, share in shares.items()] for lean in leans])
    limits = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    drawn = (rng.random((len(persona), 1)) > limits[persona]).sum(axis=1)
    values = list(shares)
    return [values[i] for i in drawn]


def _weights(respondents: int, rng: np.random.Generator) -> FloatArray:
    weights = rng.lognormal(0, WEIGHT_SPREAD, respondents)
    return np.asarray(weights / weights.mean())
