r"""A prior for the answers to any question, asked before or not, by Gaussian-process regression on its text.

The options of the questions asked have log-odds that are linear in a respondent's vector,
l_o(u) = y_o . [1, u] (:mod:`personaspace.newquestions.log_odds`). With the mean m and the principal axes V of the
respondents' vectors, u = m + V x, this is an intercept, the log-odds of the average respondent, and slopes along the
axes. What everybody thinks and what separates people follow from a text differently, so intercepts and
slopes are two regressions, each with a kernel of its own (:mod:`personaspace.newquestions.regression`).

Time grows with the cube of the options and memory with their square. Of a survey with more than 8,000 options only
every second question is learnt from, or every third, and so on until they are few enough; the prior of the others is
the one they would have had they not been asked. The kernels' settings are found on at most 1,000 options.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from personaspace.files import check_tensors, read_checked, read_tensors, write_json, write_tensors
from personaspace.newquestions.features import Features, KernelSettings, TextFeatures
from personaspace.newquestions.option_weights import Axes, OptionWeights, WeightDistribution, as_tensor
from personaspace.newquestions.regression import Predicted, Regression, likeliest_settings
from personaspace.survey.arrays import FloatArray
from personaspace.survey.lookup import index_of
from personaspace.survey.question import Question, offsets_of

if TYPE_CHECKING:
    from torch import Tensor

MOST_OPTIONS, MOST_SEARCHED = 8000, 1000
BLOCK = 50  # questions predicted at a time; bounds the memory

FORMAT = 2
REGRESSIONS = ("intercepts", "slopes")
QUESTIONS, WEIGHTS = "question_prior.json", "question_prior.safetensors"


class QuestionPrior:
    """A prior for the answers to any question, by Gaussian-process regression from the questions asked.

    Args:
        questions: The questions asked.
        log_odds: Weights of their options' log-odds, intercept first; shape ``[options, 1 + dim]``.
        axes: The axes of the respondents' vectors.
        states: Hidden state of a frozen model for each question, shape ``[questions, width]``, or ``None``.
        kernels: Settings of the kernels of intercepts and slopes, where they are known already.

    Example:
        >>> from personaspace.survey.question import Option
        >>> ask = lambda text: Question(text, text, (Option("Yes"), Option("No")))
        >>> asked = [ask("Are banks honest?"), ask("Are parks clean?"), ask("Are parks green?")]
        >>> weights = np.array([[1.0, 2.0], [-1.0, -2.0], [0.5, 0.0], [-0.5, 0.0], [0.5, 0.1], [-0.5, -0.1]])
        >>> axes = Axes.of(np.array([[-1.0], [1.0]], np.float32))
        >>> expected = QuestionPrior(asked, weights, axes).of(ask("Are the parks clean?"))
        >>> expected.weights.shape, 0 < expected.uncertainty < 1
        (torch.Size([2, 2]), True)
    """

    def __init__(
        self,
        questions: Sequence[Question],
        log_odds: FloatArray,
        axes: Axes,
        states: FloatArray | None = None,
        kernels: tuple[KernelSettings, KernelSettings] | None = None,
    ) -> None:
        self.questions = tuple(questions)
        self.weights: FloatArray = np.asarray(log_odds, dtype=np.float64)
        self.axes = axes
        self.states = None if states is None else np.asarray(states, dtype=np.float64)
        self._learnt_from = _every(self.questions, MOST_OPTIONS)
        self._kernels = kernels

    def of(self, question: Question, states: Tensor | None = None) -> OptionWeights:
        """The prior of a question: of one asked its own log-odds, of another those of the regression.

        Args:
            question: Any. It was asked if one of the questions has its text and its options, in any order.
            states: Hidden state of the frozen model for it, shape ``[width]``, where the questions asked have some.
        """
        return self.asked(question) or self.distribution(question, states).option_weights()

    def asked(self, question: Question) -> OptionWeights | None:
        """The log-odds of a question that was asked: one with its text and its options, in any order.

        Of several such questions, as rows of a grid are whose items are not named, it is the one with its id.
        """
        if (asked := self._place_of(question)) is None:
            return None
        place = index_of(option.text for option in self.questions[asked].options)
        return self.own[asked].ordered([place[option.text] for option in question.options])

    def distribution(self, question: Question, states: Tensor | None = None) -> WeightDistribution:
        """The Gaussian over the weights of a question's options that follows from its text.

        Args:
            question: Any question.
            states: Hidden state of the frozen model for it, shape ``[width]``, where the questions asked have some.
        """
        given = None if states is None else states.cpu().numpy()[None].astype(np.float64)
        return next(self._distributions([question], given))

    @cached_property
    def leave_one_out(self) -> list[OptionWeights]:
        """The prior that each question asked would have had it not been asked."""
        left_out = zip(*(regression.leave_one_out for regression in self._regressions), strict=True)
        found = dict(zip(self._learnt_from, (self._joined(*pair) for pair in left_out), strict=True))
        others = [place for place in range(len(self.questions)) if place not in found]
        never_learnt = self._distributions([self.questions[place] for place in others], self._states_of(others))
        found |= dict(zip(others, never_learnt, strict=True))
        return [found[place].option_weights() for place in range(len(self.questions))]

    @cached_property
    def own(self) -> list[OptionWeights]:
        """The log-odds of each question asked as they were given, with no uncertainty."""
        return [OptionWeights(as_tensor(self.weights[block]), 0.0) for block in _blocks(self.questions)]

    def save(self, folder: str | Path, *, factors: bool = True) -> None:
        """Write the questions to ``question_prior.json`` and the arrays to ``question_prior.safetensors``.

        Args:
            folder: Where.
            factors: Whether the Cholesky factors are written too. They grow with the square of the options; where they
                are missing they are computed again.
        """
        tensors = {"log_odds": self.weights, **{name: np.ascontiguousarray(x) for name, x in vars(self.axes).items()}}
        tensors |= {} if self.states is None else {"states": self.states}
        kernels = {}
        for name, regression in zip(REGRESSIONS, self._regressions, strict=True):
            kernels[name] = asdict(regression.settings)
            if factors:
                tensors |= {f"{name}_factor": regression.factor, f"{name}_amplitude": regression.amplitude}
        write_tensors(Path(folder) / WEIGHTS, tensors)
        content = {"format": FORMAT, "questions": [q.to_json() for q in self.questions], "kernels": kernels}
        write_json(Path(folder) / QUESTIONS, content)

    @classmethod
    def load(cls, folder: str | Path) -> QuestionPrior:
        """Read what :meth:`save` wrote; :class:`RunError` where a file is missing or damaged."""
        path = Path(folder) / WEIGHTS
        saved, tensors = read_checked(Path(folder) / QUESTIONS, _Saved, FORMAT), read_tensors(path)
        questions, kernels = saved.questions, (saved.kernels.intercepts, saved.kernels.slopes)
        known = [questions[place] for place in _every(questions, MOST_OPTIONS)]
        contrasts, axes = sum(len(question.options) - 1 for question in known), len(tensors.get("scale", ()))
        dim = len(tensors.get("mean", ()))
        shapes: dict[str, tuple[int | None, ...]] = {
            "log_odds": (int(offsets_of(questions)[-1]), 1 + dim),
            "mean": (dim,),
            "directions": (dim, axes),
            "scale": (axes,),
        }
        shapes |= {"states": (len(questions), None)} if "states" in tensors else {}
        factors = any(name.endswith("_factor") for name in tensors)
        for name, columns in zip(REGRESSIONS, (1, axes), strict=True) if factors else ():
            shapes |= {f"{name}_factor": (contrasts, contrasts), f"{name}_amplitude": (columns,)}
        check_tensors(path, tensors, shapes)
        prior = cls(
            questions, tensors["log_odds"], Axes(*(tensors[name] for name in ("mean", "directions", "scale"))),
            tensors.get("states"), kernels,
        )  # fmt: skip
        if factors:
            prior._regressions = tuple(
                Regression(prior._known, targets, settings, tensors[f"{name}_factor"], tensors[f"{name}_amplitude"])
                for name, targets, settings in zip(REGRESSIONS, prior._targets, kernels, strict=True)
            )
        return prior

    @cached_property
    def _regressions(self) -> tuple[Regression, ...]:
        kernels = self._kernels or tuple(likeliest_settings(*self._searched(targets)) for targets in self._targets)
        fitted = zip(self._targets, kernels, strict=True)
        return tuple(Regression.fit(self._known, targets, settings) for targets, settings in fitted)

    @cached_property
    def _texts(self) -> TextFeatures:
        chosen = list(self._learnt_from)
        return TextFeatures([self.questions[place] for place in chosen], self._states_of(chosen))

    @cached_property
    def _known(self) -> Features:
        chosen = list(self._learnt_from)
        return self._texts.of([self.questions[place] for place in chosen], self._states_of(chosen))

    @cached_property
    def _targets(self) -> tuple[FloatArray, FloatArray]:
        """Contrasts of the intercepts and of the slopes of the questions learnt from."""
        blocks = _blocks(self.questions)
        learnt = np.concatenate([self.weights[blocks[place]] for place in self._learnt_from])
        intercepts, slopes = self.axes.split(self._known.contrasts @ learnt)
        return intercepts, slopes

    def _searched(self, targets: FloatArray) -> tuple[Features, FloatArray]:
        """Features and targets of the questions on which the kernel's settings are found."""
        known = [self.questions[place] for place in self._learnt_from]
        chosen = list(_every(known, MOST_SEARCHED))
        states = self._states_of([self._learnt_from[place] for place in chosen])
        rows = np.concatenate([np.arange(len(targets))[self._known.blocks[place]] for place in chosen])
        return self._texts.of([known[place] for place in chosen], states), targets[rows]

    def _states_of(self, places: Sequence[int]) -> FloatArray | None:
        return None if self.states is None else self.states[list(places)]

    def _distributions(self, questions: Sequence[Question], states: FloatArray | None) -> Iterator[WeightDistribution]:
        for start in range(0, len(questions), BLOCK):
            some = slice(start, start + BLOCK)
            features = self._texts.of(questions[some], None if states is None else states[some])
            both = zip(*(regression.predict(features) for regression in self._regressions), strict=True)
            yield from (self._joined(*predicted) for predicted in both)

    def _joined(self, intercepts: Predicted, slopes: Predicted) -> WeightDistribution:
        amplitudes = [regression.amplitude for regression in self._regressions]
        return WeightDistribution(
            self.axes,
            intercepts.mean,
            slopes.mean,
            intercepts.covariance * amplitudes[0],
            slopes.covariance,
            np.sqrt(amplitudes[1]),
            float(np.sqrt(np.clip(intercepts.remaining, 0.0, 1.0))),
        )

    def _place_of(self, question: Question) -> int | None:
        alike = self._places.get(_words(question), [])
        return next((place for place in alike if self.questions[place].id == question.id), next(iter(alike), None))

    @cached_property
    def _places(self) -> dict[tuple[str, frozenset[str]], list[int]]:
        found: dict[tuple[str, frozenset[str]], list[int]] = {}
        for place, question in enumerate(self.questions):
            found.setdefault(_words(question), []).append(place)
        return found


class _Kernels(BaseModel):
    intercepts: KernelSettings
    slopes: KernelSettings


class _Saved(BaseModel):
    questions: tuple[Question, ...]
    kernels: _Kernels


def _every(questions: Sequence[Question], most: int) -> range:
    """Every question, or every second, third, ..., so that together they have at most so many options."""
    sizes = [len(question.options) for question in questions]
    step = next(step for step in range(1, len(sizes) + 1) if step == len(sizes) or sum(sizes[::step]) <= most)
    return range(0, len(sizes), step)


def _words(question: Question) -> tuple[str, frozenset[str]]:
    """Text and options of a question."""
    return question.text, frozenset(option.text for option in question.options)


def _blocks(questions: Sequence[Question]) -> list[slice]:
    """The rows of each question's options."""
    return [slice(start, stop) for start, stop in pairwise(offsets_of(questions))]
