"""What groups of respondents really answered: how far they depart from others, and whether that is more than chance."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from personaspace.persona.answer_space import Crowd
from personaspace.persona.curve import chosen_options, held_out_answers
from personaspace.survey.split import early_stopping
from personaspace.survey.survey import FloatArray, IntArray, Survey

MEASURES = ("tv", "tv_by_chance", "gain", "low", "high")

PRIOR = 10.0
"""Answers, like those of whom it stands among, that are added to a group's answers to a question."""

DRAWS = 60
"""Random groups a departure is compared with."""


class GivenAnswers:
    """What everybody answered: in training, and where no stage trains."""

    @classmethod
    def of(cls, crowd: Crowd) -> GivenAnswers | None:
        """The answers of a crowd; ``None`` where no survey came with it, or an empty one."""
        survey = crowd.survey
        return cls(crowd, survey) if survey is not None and len(survey.answers) else None

    def __init__(self, crowd: Crowd, survey: Survey) -> None:
        self.weights, self.offsets = crowd.weights, crowd.embedder.offsets_
        self.known = chosen_options(crowd.embedder, survey.with_answers(~early_stopping(survey)))
        self.watched = held_out_answers(crowd.embedder, survey)
        options = np.diff(self.offsets)
        everybody = self._counts(np.arange(len(self.weights)))[0]
        self.population = self._shares(everybody + 1 / np.repeat(options, options))

    def departure(self, mine: IntArray, rng: np.random.Generator) -> dict[str, float]:
        """Mean total variation from everybody, and what random groups rarely reach."""
        chance = [self._tv(rng.permutation(len(self.weights))[: len(mine)]) for _ in range(DRAWS)]
        return {"tv": self._tv(mine), "tv_by_chance": float(np.quantile(chance, 0.95))}

    def gain(self, mine: IntArray, among: IntArray) -> dict[str, float]:
        """How much likelier the members' other answers are by the group's shares than by those it stands among.

        Args:
            mine: Rows of the group.
            among: Rows of those to compare with.

        Returns:
            ``gain`` in nats an answer, with its 95% interval ``low`` to ``high``: linearised, members as primary
            units. NaN where the members gave no such answer.
        """
        theirs = self._shares(self._counts(among)[0] + PRIOR * self.population)
        own = self._shares(self._counts(mine)[0] + PRIOR * theirs)
        seen = self.watched[mine]
        weights = self.weights[mine]
        better, answers = seen @ (np.log(own) - np.log(theirs)), np.diff(seen.indptr)
        total = (weights * answers).sum()
        if not total:
            return {"gain": np.nan, "low": np.nan, "high": np.nan}
        gain = float((weights * better).sum() / total)
        error = 1.96 * float(np.sqrt(((weights * (better - gain * answers)) ** 2).sum())) / total
        return {"gain": gain, "low": gain - error, "high": gain + error}

    def _tv(self, rows: IntArray) -> float:
        weighted, counts = self._counts(rows)
        tv = np.add.reduceat(np.abs(self._shares(weighted) - self.population), self.offsets[:-1]) / 2
        answers = np.add.reduceat(counts, self.offsets[:-1])
        return float(np.nansum(tv * answers) / max(answers.sum(), 1))

    def _counts(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """How often the options were chosen, weighted and plain, each of shape [options]."""
        part: csr_array = self.known[rows]
        return self.weights[rows] @ part, np.ones(len(rows)) @ part

    def _shares(self, counts: FloatArray) -> FloatArray:
        totals = np.repeat(np.add.reduceat(counts, self.offsets[:-1]), np.diff(self.offsets))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(counts / totals)
