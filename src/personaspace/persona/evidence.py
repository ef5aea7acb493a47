"""Evidence that clusters are real, and what becomes of those too small to stand alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.embedding.base import check_whole
from personaspace.persona.answer_space import Crowd
from personaspace.persona.clusterers import Clustering
from personaspace.persona.curve import chosen_options, held_out_answers
from personaspace.survey.split import early_stopping
from personaspace.survey.survey import FloatArray, IntArray

SMALLEST_SHARE = 0.01
SMALLEST, SMALL_SURVEY = 30, 0.05
FEWEST = 10
"""Fewer respondents are never kept as a minority: they cannot be told from chance, and might be recognised."""

FOUND_AGAIN = 0.75
"""The Jaccard index from which Hennig (2007) calls a cluster valid and stable."""

PRIOR = 10.0
"""Answers like everybody's that are added to a cluster's answers to a question."""

DRAWS = 60


class Floor(NamedTuple):
    """What a cluster needs to stand alone: members, and a share of the weight."""

    members: int
    share: float


def floor(smallest: int | None, respondents: int) -> Floor:
    """The least size of a cluster.

    Args:
        smallest: Members, if the user named a number.
        respondents: How many there are.

    Returns:
        By default 30 members (5% of a survey of fewer than 600) and 1% of the weight.
    """
    if smallest is not None:
        check_whole("smallest", smallest, least=1)
        return Floor(smallest, 0.0)
    return Floor(max(1, min(SMALLEST, int(SMALL_SURVEY * respondents))), SMALLEST_SHARE)


def evidence(crowd: Crowd, clustering: Clustering, found_again: FloatArray, limit: Floor, seed: int) -> pd.DataFrame:
    """One row per cluster: how large, how different, and whether that is real.

    Args:
        crowd: The respondents.
        clustering: Their clusters.
        found_again: See :meth:`~personaspace.persona.stability.Resamples.found_again`.
        limit: What a cluster needs to stand alone.
        seed: Seed of the random groups.

    Returns:
        ``respondents`` and weighted ``share``. ``tv``, the mean total variation between the members' answers and
        everybody's over all questions, each counting by the members' answers to it, and ``tv_by_chance``, what 19 of
        20 random groups of that size stay below. ``gain``, by how many nats the members' answers that no stage
        trained on are better predicted by the cluster's other answers than by everybody's, with its 95% interval
        ``low`` to ``high`` (linearised, members as primary units). ``found_again``. ``verdict``: "large", as the
        largest always is; or below the floor "minority" where the cluster is found again (at least .75), its gain is
        not chance (``low`` above 0) and it has ten members; else "too small". Without a survey the columns on answers
        are NaN, and being found again must do.
    """
    rows = []
    answers = _Answers(crowd) if crowd.survey is not None and len(crowd.survey.answers) else None
    for cluster in range(len(clustering.centres)):
        mine = np.flatnonzero(clustering.labels == cluster)
        share = float(crowd.weights[mine].sum() / crowd.weights.sum())
        row = {"respondents": len(mine), "share": share, **dict.fromkeys(_MEASURES, np.nan)}
        if answers and len(mine):
            row |= answers.departure(mine, np.random.default_rng([seed, cluster])) | answers.gain(mine)
        rows.append(row | {"found_again": float(found_again[cluster])})
    table = pd.DataFrame(rows)
    large = (table["respondents"] >= limit.members) & (table["share"] >= limit.share)
    large |= table.index == table["share"].argmax()
    real = (table["found_again"] >= FOUND_AGAIN) & ~(table["low"] <= 0) & (table["respondents"] >= FEWEST)
    return table.assign(verdict=np.where(large, "large", np.where(real, "minority", "too small")))


_MEASURES = ("tv", "tv_by_chance", "gain", "low", "high")


class _Answers:
    """What everybody answered: in training, and where no stage trains."""

    def __init__(self, crowd: Crowd) -> None:
        assert crowd.survey is not None  # noqa: S101
        survey = crowd.survey
        self.weights, self.offsets = crowd.weights, crowd.embedder.offsets_
        self.known = chosen_options(crowd.embedder, survey.with_answers(~early_stopping(survey)))
        self.watched = held_out_answers(crowd.embedder, survey)
        self.everybody = self._counts(np.arange(len(self.weights)))[0]
        self.population = self._shares(self.everybody + 1 / np.repeat(np.diff(self.offsets), np.diff(self.offsets)))

    def departure(self, mine: IntArray, rng: np.random.Generator) -> dict[str, float]:
        """Mean total variation from everybody, and what random groups rarely reach."""
        chance = [self._tv(rng.permutation(len(self.weights))[: len(mine)]) for _ in range(DRAWS)]
        return {"tv": self._tv(mine), "tv_by_chance": float(np.quantile(chance, 0.95))}

    def gain(self, mine: IntArray) -> dict[str, float]:
        """How much better the members' other answers are predicted, and the interval."""
        own = self._shares(self._counts(mine)[0] + PRIOR * self.population)
        seen = self.watched[mine]
        weights = self.weights[mine]
        better, answers = seen @ (np.log(own) - np.log(self.population)), np.diff(seen.indptr)
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
