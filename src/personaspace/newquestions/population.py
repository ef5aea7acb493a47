"""Population: the respondents of a space, their weights and groups, and who of them may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.embedding.survey_rows import survey_rows
from personaspace.errors import unknown
from personaspace.newquestions.option_weights import Axes
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.survey import Survey

EVERYBODY = ("", "")
"""The group of all respondents, beside those of a trait and a value."""
CANDIDATES = 1000
REFUSES = 0.1


class Population:
    """The respondents of a fitted embedder, with the weights and traits of a survey.

    Args:
        embedder: Fitted.
        survey: The answers that it was fitted on; traits and weights of its respondents.
        axes: The axes of their vectors.

    Raises:
        NotFittedError: The embedder was not fitted.
        SurveyError: A respondent of the embedder is not in the survey.
    """

    def __init__(self, embedder: Embedder, survey: Survey, axes: Axes) -> None:
        self._rows = survey_rows(embedder, survey)
        self.embedder, self.survey, self.axes = embedder, survey, axes

    @cached_property
    def places(self) -> FloatArray:
        """The embedder's respondents in standard deviations along the axes, shape ``[respondents, axes]``."""
        return self.axes.places(self.embedder.respondents_)

    @cached_property
    def weight(self) -> FloatArray:
        """Their weights, summing to 1, shape ``[respondents]``."""
        weight = self.survey.weight[self._rows]
        total: FloatArray = (weight if weight.any() else np.ones(len(weight))) / (weight.sum() or len(weight))
        return total

    @cached_property
    def groups(self) -> dict[tuple[str, str], IntArray]:
        """Rows of the members of every group of every trait, with everybody as :data:`EVERYBODY`."""
        found = {EVERYBODY: np.arange(len(self._rows))}
        for trait in self.survey.traits.columns:
            values = self.survey.traits[trait].iloc[self._rows].reset_index(drop=True)
            for value in values.dropna().unique():
                found[str(trait), str(value)] = np.flatnonzero(values == value)
        return found

    def candidates(self, seed: int) -> IntArray:
        """Rows of up to 1,000 respondents who may be asked, drawn with their weights; none who refuses often."""
        put = [
            np.bincount(pairs.respondent, minlength=len(self.survey))
            for pairs in (self.survey.answers, self.survey.refusals)
        ]
        refuses = (put[1] > REFUSES * (put[0] + put[1]))[self._rows]
        chance = np.where(refuses, 0.0, self.weight)
        if not chance.any():
            return np.zeros(0, np.int64)
        most = min(CANDIDATES, int((chance > 0).sum()))
        drawn = np.random.default_rng([seed, 3]).choice(len(chance), most, replace=False, p=chance / chance.sum())
        return np.sort(drawn)

    def place_of(self, respondents: Sequence[str], others: Survey | None) -> FloatArray:
        """Places of respondents: of others where they are among them, of the embedder's own otherwise.

        Raises:
            UnknownNameError: A respondent is in neither.
        """
        own = positions(respondents, self.embedder.ids_)
        places = self.places[own]
        if others is not None:
            rows = positions(respondents, others.respondent_index)
            given = np.flatnonzero(rows != NOWHERE)
            places[given] = self.axes.places(self.embedder.embed(others.select(respondents=rows[given])))
            own[given] = 0
        if (own == NOWHERE).any():
            raise unknown("respondent", respondents[int(np.argmin(own))], self.embedder.ids_)
        return places
