"""Squared errors of predicted answers, by group shares, by a regression on traits, and by an embedder.

The error of prediction p at an answer y is sum_o (1[y = o] - p_o)^2, the Brier score.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder
from personaspace.persona.shares import answer_choices, scaled, trait_choices
from personaspace.survey.survey import FloatArray, IntArray, Survey

ROWS = 4096
"""Respondents whose answers are predicted at a time."""

NEARLY_NONE = 1e-9
"""Answers given to every option, so that questions nobody answered have shares."""


class GroupShares:
    """Weighted answers of groups, and everybody's.

    Args:
        survey: Answers and weights.
        labels: Each respondent's group, -1 for none, shape ``[respondents]``.
    """

    def __init__(self, survey: Survey, labels: IntArray) -> None:
        chosen, self.offsets = answer_choices(survey)
        weight = survey.relative_weight
        known = np.flatnonzero(labels >= 0)
        members = csr_array((weight[known], (labels[known], known)), shape=(int(labels.max()) + 1, len(labels)))
        self.counts = np.asarray((members @ chosen).toarray())
        self.population = scaled((weight @ chosen + NEARLY_NONE)[None, :], self.offsets)

    def shares(self, prior: float) -> FloatArray:
        """Shares with so many answers like everybody's mixed in.

        Args:
            prior: 0 or more; what a group's own answers are weighed against.

        Returns:
            Shape ``[groups + 1, options]``: row -1 is everybody, and the row of respondents without a group.
        """
        mixed = self.counts + (prior + NEARLY_NONE) * self.population
        return np.vstack([scaled(mixed, self.offsets), self.population])


def of_shares(shares: FloatArray, test: Survey, labels: IntArray) -> FloatArray:
    """Each respondent's sum of errors when predicted by the group's shares.

    Args:
        shares: Shape ``[groups + 1, options]``.
        test: The answers to predict.
        labels: Each respondent's row of ``shares``, shape ``[respondents]``.

    Returns:
        Shape ``[respondents]``.
    """
    answers = test.answers
    group = labels[answers.respondent]
    norms = np.add.reduceat(shares**2, test.offsets[:-1], axis=1)
    errors = norms[group, answers.question] - 2 * shares[group, test.option_nodes] + 1
    return np.bincount(answers.respondent, errors, len(test.respondents)).astype(np.float64)


def of_embedder(space: Embedder, test: Survey) -> FloatArray:
    """Each respondent's sum of errors when predicted from the respondent's own vector, shape ``[respondents]``."""
    place = {question.id: start for question, start in zip(space.questions_, space.offsets_.tolist(), strict=False)}
    columns = np.concatenate([np.arange(len(q.options)) + place[q.id] for q in test.questions])
    row = {name: at for at, name in enumerate(space.ids_)}
    vectors = space.respondents_[[row[name] for name in test.respondents]]
    total = np.zeros(len(vectors))
    for start in range(0, len(vectors), ROWS):
        rows = np.arange(start, min(start + ROWS, len(vectors)))
        shares = np.asarray(space.predict(vectors[rows])[:, columns], np.float64)
        total[rows] = of_shares(shares, test.select(respondents=rows), rows - start)
    return total


def of_regression(train: Survey, test: Survey, strengths: tuple[float, ...]) -> FloatArray:
    """Each respondent's sum of errors when predicted from all values of all traits.

    A weighted ridge regression per option, with an intercept that is not shrunk. With one trait, a strength of n
    does what n answers like everybody's do to group shares.

    Args:
        train: Answers to learn from.
        test: Answers of the same respondents to predict.
        strengths: Of the ridge.

    Returns:
        Shape ``[strengths, respondents]``.
    """
    has = trait_choices(train)[0].toarray()
    weight = train.relative_weight
    ridge = np.array(strengths)[:, None, None] * np.eye(has.shape[1])
    total = np.zeros((len(strengths), len(test.respondents)))
    for (rows, chosen), (who, answered) in zip(_by_question(train), _by_question(test), strict=True):
        if not len(rows) or not len(who):
            continue
        options = np.eye(max(chosen.max(), answered.max()) + 1)
        x, target, w = has[rows], options[chosen], weight[rows, None] + NEARLY_NONE
        x_mean, mean = (w * x).sum(axis=0) / w.sum(), (w * target).sum(axis=0) / w.sum()
        centred = w * (x - x_mean)
        slopes = np.linalg.solve(centred.T @ (x - x_mean) + ridge, (centred.T @ (target - mean))[None])
        wrong = mean + (has[who] - x_mean) @ slopes - options[answered]
        total[:, who] += (wrong**2).sum(axis=-1)
    return total


def _by_question(survey: Survey) -> list[tuple[IntArray, IntArray]]:
    """Respondents and options of each question's answers."""
    order = np.argsort(survey.answers.question, kind="stable")
    ends = np.searchsorted(survey.answers.question[order], np.arange(1, len(survey.questions)))
    return [(survey.answers.respondent[part], survey.answers.option[part]) for part in np.split(order, ends)]
