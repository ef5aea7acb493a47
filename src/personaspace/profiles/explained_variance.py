"""Share of opinion variance explained by personas, by demographic groups, and by the respondents' own vectors.

The variance of the answers to a question with shares p is their Gini variance 1 - sum_o p_o^2, the mean of
sum_o (1[y = o] - p_o)^2 over its answers. The share of it that lies between groups is the R^2 of Light and Margolin
(JASA 66, 1971), which is Goodman and Kruskal's tau, summed here over all questions. Measured on the answers that formed
the groups it grows with their number; so shares are estimated from training answers and measured on held-out ones:

    R^2 = 1 - sum_a w_a sum_o (1[y_a = o] - p_g(a)(o))^2  /  sum_a w_a sum_o (1[y_a = o] - p(o))^2

over held-out answers a of respondents in groups g(a). That is a Brier skill score. It is below 0 for groups that
predict worse than the population's shares do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.checks import check_wholes
from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.method_effects import answered
from personaspace.persona.personas import Personas, PersonasLike, as_personas
from personaspace.profiles.participation import asked_variance
from personaspace.profiles.shares import answer_choices, trait_choices
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.lookup import positions
from personaspace.survey.option_sums import option_shares, sum_options
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask, without_validation

NEARLY_NONE = 1e-9
"""Answers added to every option, so that questions without answers have shares."""

PRIORS = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 1e9)
"""Numbers of prior answers to choose from; the last leaves groups nothing of their own."""

RESAMPLES = 1000
"""Draws of the bootstrap."""


class GroupShares:
    """Weighted answer shares of groups, shrunk towards those of the population.

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
        self.population = option_shares((weight @ chosen + NEARLY_NONE)[None, :], self.offsets)

    def shares(self, prior: float) -> FloatArray:
        """Shares of each option, with prior answers added that are distributed like the population's.

        Args:
            prior: Number of prior answers to each question, 0 or more.

        Returns:
            Shape ``[groups + 1, options]``; the last row is the population, and serves respondents without a group.
        """
        mixed = self.counts + (prior + NEARLY_NONE) * self.population
        return np.vstack([option_shares(mixed, self.offsets), self.population])


def share_errors(shares: FloatArray, test: Survey, labels: IntArray) -> FloatArray:
    """Each respondent's sum of squared errors when predicted by the shares of their group.

    Args:
        shares: Shape ``[groups + 1, options]``.
        test: The answers to predict.
        labels: Each respondent's row of ``shares``, shape ``[respondents]``.

    Returns:
        Shape ``[respondents]``.
    """
    answers = test.answers
    group = labels[answers.respondent]
    norms = sum_options(shares**2, test.offsets)
    errors = norms[group, answers.question] - 2 * shares[group, test.option_nodes] + 1
    return np.bincount(answers.respondent, errors, len(test.respondents)).astype(np.float64)


def embedder_errors(embedder: Embedder, test: Survey) -> FloatArray:
    """Each respondent's sum of squared errors when predicted from their own vector, shape ``[respondents]``."""
    starts = dict(zip((question.id for question in embedder.questions_), embedder.offsets_.tolist(), strict=False))
    columns = np.concatenate([np.arange(len(q.options)) + starts[q.id] for q in test.questions])
    vectors = embedder.respondents_[positions(test.respondents, embedder.ids_)]
    total = np.zeros(len(vectors))
    for block, expected in embedder.predict_blocks(vectors):
        rows = np.arange(block.start, block.stop)
        shares = np.asarray(expected[:, columns], np.float64)
        total[rows] = share_errors(shares, test.select(respondents=rows), rows - block.start)
    return total


def regression_errors(train: Survey, test: Survey, strengths: tuple[float, ...]) -> FloatArray:
    """Each respondent's sum of squared errors when predicted by ridge regression on all values of all traits.

    One weighted regression per option, with an intercept that is not shrunk. With one trait, a strength of n has the
    effect of n prior answers on group shares.

    Args:
        train: Training answers.
        test: Answers of the same respondents to predict.
        strengths: Ridge penalties to try.

    Returns:
        Shape ``[strengths, respondents]``.
    """
    has = trait_choices(train)[0].toarray()
    weight = train.relative_weight
    ridge = np.array(strengths)[:, None, None] * np.eye(has.shape[1])
    total = np.zeros((len(strengths), len(test.respondents)))
    for (rows, chosen), (who, given) in zip(_by_question(train), _by_question(test), strict=True):
        if not len(rows) or not len(who):
            continue
        options = np.eye(max(chosen.max(), given.max()) + 1)
        x, target, w = has[rows], options[chosen], weight[rows, None] + NEARLY_NONE
        x_mean, mean = (w * x).sum(axis=0) / w.sum(), (w * target).sum(axis=0) / w.sum()
        centred = w * (x - x_mean)
        slopes = np.linalg.solve(centred.T @ (x - x_mean) + ridge, (centred.T @ (target - mean))[None])
        wrong = mean + (has[who] - x_mean) @ slopes - options[given]
        total[:, who] += (wrong**2).sum(axis=-1)
    return total


def _by_question(survey: Survey) -> list[tuple[IntArray, IntArray]]:
    """Respondents and options of the answers to each question."""
    order = np.argsort(survey.answers.question, kind="stable")
    ends = np.searchsorted(survey.answers.question[order], np.arange(1, len(survey.questions)))
    return [(survey.answers.respondent[part], survey.answers.option[part]) for part in np.split(order, ends)]


def explained_variance(
    embedder: Embedder,
    split: Split,
    personas: PersonasLike,
    ks: Iterable[int] = (),
    pairs: bool = True,
    seed: int = 0,
    method: str = "kmeans",
) -> pd.DataFrame:
    """Measure the share of the variance of held-out answers explained by personas and by demographic groups.

    Group shares are estimated from training answers, weighted, and shrunk towards the population by prior answers.
    Their number (10 to 3,000, or the population's shares alone) is chosen for each grouping by validation answers, so
    that no grouping suffers from noise that shrinking avoids. *Every trait together* is a ridge regression on all
    values of all traits, its penalty chosen likewise. *Own vectors* is the embedder's prediction for each respondent:
    the reference without any grouping.

    Args:
        embedder: Fitted on ``split.train``.
        split: Training and held-out answers; the table is about ``split.held_out_answers``.
        personas: Cluster personas of that embedder.
        ks: Further numbers of clusters to look for; clusters too small to stand alone are merged, so that a row may
            have fewer.
        pairs: Whether to cross every two traits.
        seed: Seed of the clusters and of the bootstrap.
        method: The clustering algorithm for ``ks``; best that of the personas.

    Returns:
        A row per grouping, the best first: ``grouping, kind, groups, asked, explained, low, high``, with a 95%
        bootstrap interval over respondents (1,000 draws, the same for every row). ``kind`` is ``"vectors"``,
        ``"personas"``, ``"every trait"``, ``"trait"`` or ``"two traits"``. ``asked`` is the share of the variance of
        *who answered which question* between the groups: near 0 unless they reproduce parts of the survey
        (:mod:`personaspace.profiles.participation`).

    Raises:
        SurveyError: No answers were held out, or everybody answers alike.
        SettingError: A number of clusters is not possible, or the method finds it itself.
        UnknownNameError: There is no such method.
    """
    ks, train, test = check_wholes("ks", ks, 1), split.train, split.held_out_answers
    if not len(test.answers):
        raise SurveyError("no answers were held out to measure on: fit again with --held-out-answers above 0")
    fitting, validation = without_validation(train), train.with_answers(validation_mask(train))
    nobody = np.full(len(train.respondents), -1)
    everybody = share_errors(GroupShares(train, nobody).shares(0), test, nobody)
    if not everybody @ test.weight:
        raise SurveyError("everybody gave the same answer to every question: there is no variance to explain")
    rows: list[dict[str, object]] = []
    errors, has = [], answered(train)
    for name, kind, labels in _groupings(embedder, train, as_personas(personas), ks, pairs, seed, method):
        asked = asked_variance(labels, train, has)
        rows.append({"grouping": name, "kind": kind, "groups": int(labels.max()) + 1, "asked": asked})
        tried = GroupShares(fitting, labels)
        prior = PRIORS[_best([share_errors(tried.shares(prior), validation, labels) for prior in PRIORS], train)]
        errors.append(share_errors(GroupShares(train, labels).shares(prior), test, labels))
    if len(train.traits.columns):
        strength = PRIORS[_best(regression_errors(fitting, validation, PRIORS), train)]
        rows.append({"grouping": "every trait together", "kind": "every trait"})
        errors.append(regression_errors(train, test, (strength,))[0])
    rows.append({"grouping": "own vectors", "kind": "vectors", "groups": len(embedder.ids_)})
    errors.append(embedder_errors(embedder, test))
    table = pd.DataFrame(rows)
    table["groups"] = table["groups"].astype("Int64")
    value, low, high = _skill(np.column_stack([everybody, *errors]) * test.weight[:, None], seed)
    table = table.assign(explained=value, low=low, high=high)
    return table.sort_values("explained", ascending=False, kind="stable").reset_index(drop=True)


def _groupings(
    embedder: Embedder, train: Survey, personas: Personas, ks: Iterable[int], pairs: bool, seed: int, method: str
) -> Iterator[tuple[str, str, IntArray]]:
    """Name, kind, and each respondent's group, -1 for none."""
    found = {len(personas): personas}
    found |= {k: cluster_personas(embedder, train, k=k, method=method, seed=seed) for k in ks if k not in found}
    for those in sorted({len(those): those for those in found.values()}.values(), key=len):
        yield f"{len(those)} cluster personas", "personas", _labels(those, train)
    codes = {str(trait): train.traits[trait].reset_index(drop=True).factorize(sort=True)[0] for trait in train.traits}
    codes = {trait: code.astype(np.int64) for trait, code in codes.items() if (code >= 0).any()}
    for trait, code in codes.items():
        yield trait, "trait", code
    for (one, a), (other, b) in combinations(codes.items(), 2) if pairs else ():
        crossed = np.where((a >= 0) & (b >= 0), a * (b.max() + 1) + b, -1)
        used, label = np.unique(crossed, return_inverse=True)
        yield f"{one} x {other}", "two traits", label - int(used[0] == -1)


def _labels(personas: Personas, survey: Survey) -> IntArray:
    labels = np.full(len(survey.respondents), -1, np.int64)
    for group, persona in enumerate(personas):
        rows = positions(persona.members, survey.respondent_index)
        labels[rows[rows >= 0]] = group
    return labels


def _best(errors: FloatArray | list[FloatArray], survey: Survey) -> int:
    """The row of errors, of shape ``[..., respondents]``, with the smallest weighted sum."""
    return int(np.argmin(np.asarray(errors) @ survey.weight))


def _skill(errors: FloatArray, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """1 - each column's sum over the first's, with 95% percentile intervals over respondents."""
    rng = np.random.default_rng(seed)
    drawn = np.empty((RESAMPLES, errors.shape[1]))
    for at in range(RESAMPLES):
        drawn[at] = np.bincount(rng.integers(len(errors), size=len(errors)), minlength=len(errors)) @ errors
    sums = errors.sum(axis=0)
    low, high = np.quantile(1 - drawn[:, 1:] / drawn[:, :1], [0.025, 0.975], axis=0)
    return 1 - sums[1:] / sums[0], low, high
