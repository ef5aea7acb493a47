"""NewQuestion: what is expected of a question nobody was asked, given its text, a pilot, a topline, a crosstab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from personaspace.checks import check_whole
from personaspace.errors import SurveyError, shown
from personaspace.newquestions.evidence import (
    NOTHING,
    Answer,
    Evidence,
    crosstab_of,
    options_chosen,
    topline_of,
)
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.option_weights import OptionWeights
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.newquestions.poll import Poll
from personaspace.newquestions.population import EVERYBODY, Population
from personaspace.newquestions.posterior import Group, Posterior
from personaspace.newquestions.whom_to_ask import whom_to_ask
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

if TYPE_CHECKING:
    from torch import Tensor

MOST_MEMBERS = 2000
"""Members by whom a group is represented; of a larger one every second counts, or every third, ..."""
SAMPLED = 500
"""Respondents by whom everybody is represented where weights are drawn."""
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, eq=False, repr=False)
class NewQuestion:
    """What is expected of a question, and how sure that is; never changed: more evidence makes another one.

    Attributes:
        prior: What its text tells.
        people: The respondents of the space.
        question: The question.
        states: Its vector beside its words, where the prior was made with such, shape ``[width]``.
        evidence: What is known of it besides its text.
    """

    prior: QuestionPrior
    people: Population
    question: Question
    states: Tensor | None = None
    evidence: Evidence = NOTHING

    def __repr__(self) -> str:
        known = f"{len(self.evidence.answers)} pilot answers, shares of {len(self.evidence.shares)} groups"
        return f"NewQuestion({self.question.text!r}: {known})"

    def pilot(self, answers: Mapping[str, object], respondents: Survey | None = None) -> NewQuestion:
        """Learn from the answers of a few people.

        Args:
            answers: By respondent the text of the option chosen, or a number where the question is on a scale. An
                answer given before counts once.
            respondents: People whom the embedder was not fitted on, with their answers to questions that it knows.

        Raises:
            SettingError: No answers, or something else was given.
            UnknownNameError: There is no such respondent or option.
            SurveyError: Somebody gave another answer before, or the question was asked already.
        """
        self._check_new()
        chosen = options_chosen(self.question, answers)
        places = self.people.place_of(list(chosen), respondents).tolist()
        found = {who: Answer(tuple(place), chosen[who]) for who, place in zip(chosen, places, strict=True)}
        return replace(self, evidence=self.evidence.with_answers(found))

    def topline(self, shares: Mapping[str, float], n: float | None = None) -> NewQuestion:
        """Learn from published shares of the population.

        Args:
            shares: Of those who answered, by the text of the option; they sum to 1 or to 100.
            n: People who were asked; 1,000 where not known.

        Raises:
            SettingError: Something else was given, or n is below 1.
            UnknownNameError: The question has no such option.
            SurveyError: A share is negative, they sum to something else, or the question was asked already.
        """
        self._check_new()
        return replace(self, evidence=self.evidence.with_shares([topline_of(self.question, shares, n)]))

    def crosstab(self, table: pd.DataFrame, n: float | None = None) -> NewQuestion:
        """Learn from published shares of groups.

        Args:
            table: A row per group, indexed by trait and value as in the survey's traits; a column per option. Counts of
                people, or shares that sum to 1 or to 100.
            n: People who were asked in all, where shares are given; 1,000 where not known.

        Raises:
            SettingError: Something else was given, or n is below 1.
            UnknownNameError: There is no such trait, group or option.
            SurveyError: A share is negative, they sum to something else, or the question was asked already.
        """
        self._check_new()
        share = {group: float(self.people.weight[rows].sum()) for group, rows in self.people.groups.items()}
        del share[EVERYBODY]
        return replace(self, evidence=self.evidence.with_shares(crosstab_of(self.question, table, n, share)))

    def predict(self, personas: PersonasLike | Vectors) -> Poll:
        """Predict the answers of personas.

        Args:
            personas: Personas, one persona, a list of them, or vectors of shape ``[n, dim]``.

        Returns:
            Probabilities of the options, with 95% intervals that say how surely the question is known.
        """
        if isinstance(personas, np.ndarray):
            index: pd.Index[Any] = pd.RangeIndex(len(personas), name="vector")
            vectors = personas
        else:
            names, vectors = names_and_vectors(personas)
            index = pd.Index(names, name="persona")
        if self.known is not None:
            return self._poll(_expected(self.known, vectors), None, index)
        places = self.prior.axes.places(vectors)
        return self._poll(self.belief.probabilities(places), self.belief.drawn(places), index)

    def everybody(self) -> Poll:
        """Predict the shares of the population, survey weights used."""
        index, weight = pd.Index(["everybody"], name="persona"), self.people.weight
        if self.known is not None:
            return self._poll(weight[None] @ _expected(self.known, self.people.embedder.respondents_), None, index)
        places, some = self.people.places, slice(None, None, -(-len(weight) // SAMPLED))
        shares, sampled = weight @ self.belief.probabilities(places), weight[some] / weight[some].sum()
        off = shares - sampled @ self.belief.probabilities(places[some])
        drawn = np.clip(np.einsum("n,dno->do", sampled, self.belief.drawn(places[some])) + off, 0, 1)
        return self._poll(shares[None], drawn[:, None], index)

    def whom_to_ask(self, n: int, personas: PersonasLike | None = None, seed: int = 0) -> pd.DataFrame:
        """Choose respondents who, with those who have answered already, stand for everybody.

        Of up to 1,000 respondents, drawn with their survey weights, those who have answered already or have refused
        more than a tenth of the questions they were asked are left out.

        Args:
            n: How many.
            personas: Of each (by the nearest) no more is chosen than its share of those drawn, rounded up.
            seed: Of the draw.

        Returns:
            A row per respondent in the order in which to ask, from 1: ``respondent``, ``persona`` where personas are
            given, and ``remaining``, the variance of everybody's answers expected after asking up to here, as a share
            of today's.

        Raises:
            SettingError: n is below 1.
            SurveyError: The question was asked already, or nobody is left to ask.
        """
        self._check_new()
        check_whole("n", n, 1)
        people = self.people
        rows = people.candidates(seed)
        rows = rows[[people.embedder.ids_[row] not in self.evidence.answers for row in rows]]
        if not len(rows):
            raise SurveyError("nobody is left to ask: every candidate has answered, or refused too often")
        nobody = (("",), people.embedder.respondents_[:1])
        names, vectors = nobody if personas is None else names_and_vectors(personas)
        nearest = np.square(people.embedder.respondents_[rows][:, None] - vectors).sum(axis=2).argmin(axis=1)
        already = positions(self.evidence.answers, people.embedder.ids_)
        already = already[already != NOWHERE]
        chosen, remaining = whom_to_ask(self.belief, people.places, people.weight, rows, nearest, n, already)
        table = {"respondent": [people.embedder.ids_[row] for row in chosen], "remaining": remaining}
        index = pd.RangeIndex(1, len(chosen) + 1, name="order")
        if personas is not None:
            of = dict(zip(rows.tolist(), nearest.tolist(), strict=True))
            table["persona"] = [names[of[row]] for row in chosen.tolist()]
        return pd.DataFrame(table, index)

    def option_weights(self) -> OptionWeights:
        """What a language model is told: the weights of the options' log-odds, and their uncertainty."""
        return self.belief.option_weights() if self.known is None else self.known

    @cached_property
    def known(self) -> OptionWeights | None:
        """The weights of a question that was asked already, with the same options in any order; ``None`` otherwise."""
        return self.prior.asked(self.question)

    @cached_property
    def belief(self) -> Posterior:
        """The posterior of the option weights of a question that was not asked."""
        places = np.array([answer.place for answer in self.evidence.answers.values()])
        chosen = np.array([answer.option for answer in self.evidence.answers.values()], dtype=np.int64)
        groups = [self._group(shares.group, np.array(shares.counts)) for shares in self.evidence.shares]
        axes = len(self.prior.axes.scale)
        prior = self.prior.distribution(self.question, self.states)
        return Posterior(prior, places.reshape(len(chosen), axes), chosen, groups)

    def _group(self, group: tuple[str, str], counts: FloatArray) -> Group:
        rows = self.people.groups[group]
        rows = rows[:: -(-len(rows) // MOST_MEMBERS)]
        weight = self.people.weight[rows]
        weight = weight / weight.sum() if weight.any() else np.full(len(rows), 1 / len(rows))
        return Group(self.people.places[rows], weight, counts)

    def _poll(self, probabilities: FloatArray, drawn: FloatArray | None, index: pd.Index[Any]) -> Poll:
        columns = pd.Index([option.text for option in self.question.options], name="option")
        if drawn is None:
            return Poll(self.question, pd.DataFrame(probabilities, index, columns))
        low, high = np.percentile(drawn, INTERVAL, axis=0)
        low, high = np.minimum(low, probabilities), np.maximum(high, probabilities)
        tables = [pd.DataFrame(table, index, columns) for table in (probabilities, low, high)]
        return Poll(self.question, tables[0], low=tables[1], high=tables[2])

    def _check_new(self) -> None:
        if self.known is not None:
            raise SurveyError(
                f"{shown(self.question.text)} was asked in {self.people.survey.name!r} with these options: its answers "
                "are known already; to learn from more, add them to the survey and fit again"
            )


def _expected(weights: OptionWeights, vectors: Vectors) -> FloatArray:
    import torch

    return np.asarray(weights.log_odds(torch.from_numpy(np.asarray(vectors))).softmax(dim=1), dtype=np.float64)
