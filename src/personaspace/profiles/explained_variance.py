"""How much opinion variance personas explain, beside demographic groups and the respondents' own vectors.

The variance of the answers to a question with shares p is its Gini variance 1 - sum_o p_o^2, the mean of
sum_o (1[y = o] - p_o)^2 over its answers. The share of it that lies between groups is the R^2 of Light and Margolin
(JASA 66, 1971), that is Goodman and Kruskal's tau, summed here over all questions. On the answers that made the groups
it grows with their number whatever they are; so shares are learnt from training answers and measured on others:

    R^2 = 1 - sum_a w_a sum_o (1[y_a = o] - p_g(a)(o))^2  /  sum_a w_a sum_o (1[y_a = o] - p(o))^2

over held-out answers a of respondents in groups g(a), which is a Brier skill score. It is below 0 for groups that
predict worse than the question's own shares do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from personaspace.embedding.base import Embedder
from personaspace.errors import SurveyError
from personaspace.persona.clustering.cluster_personas import ClusterPersonas
from personaspace.persona.personas import Personas
from personaspace.profiles.participation import answered, asked_variance
from personaspace.profiles.shares import answer_choices, scaled, trait_choices
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

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
    """Respondents and options of each question's answers."""
    order = np.argsort(survey.answers.question, kind="stable")
    ends = np.searchsorted(survey.answers.question[order], np.arange(1, len(survey.questions)))
    return [(survey.answers.respondent[part], survey.answers.option[part]) for part in np.split(order, ends)]


PRIORS = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 1e9)
"""How many answers like everybody's may be mixed into every group's; the last leaves groups nothing of their own."""

RESAMPLES = 1000


def explained_variance(
    space: Embedder,
    split: Split,
    personas: Personas,
    ks: Iterable[int] = (),
    pairs: bool = True,
    seed: int = 0,
    method: str = "kmeans",
) -> pd.DataFrame:
    """Share of the variance of held-out answers that groups of the training respondents explain.

    Group shares are estimated from training answers, weighted, with answers like everybody's mixed in. How many (10
    to 3,000, or no groups at all) is chosen for each grouping by the answers watched for early stopping, so that none
    is held back by noise it could have done without. *Every trait together* is a ridge regression on all values of
    all traits, its strength chosen likewise. *Own vectors* is the embedder's prediction for each respondent: what is
    lost by grouping at all.

    Args:
        space: An embedder fitted on ``split.train``.
        split: Training and held-out answers; the table is about ``split.held_out_answers``.
        personas: Cluster personas found in that space.
        ks: Further numbers of clusters to look for there; clusters too small to stand alone are merged, so that a
            row may tell of fewer.
        pairs: Whether to cross every two traits.
        seed: Seed of the clusters and of the bootstrap.
        method: How to cluster for ``ks``; best as the personas were.

    Returns:
        A row per grouping, the best first: ``grouping, kind, groups, asked, explained, low, high``, with a 95%
        bootstrap interval over respondents (1,000 draws, the same for every row). ``kind`` is ``"vectors"``,
        ``"personas"``, ``"every trait"``, ``"trait"`` or ``"two traits"``. ``asked`` is the share of the variance of
        *who answered which question* between the groups: near 0 unless they tell parts of the survey apart
        (:mod:`personaspace.profiles.participation`).

    Raises:
        SurveyError: No answers were held out, or everybody answers alike.
        SettingError: A number of clusters is not possible, or the method finds it itself.
        UnknownNameError: There is no such method.
    """
    train, test = split.train, split.held_out_answers
    if not len(test.answers):
        raise SurveyError("no answers were held out to measure on: fit again with --held-out-answers above 0")
    watched = validation_mask(train)
    fitting, choosing = train.with_answers(~watched), train.with_answers(watched)
    nobody = np.full(len(train.respondents), -1)
    everybody = of_shares(GroupShares(train, nobody).shares(0), test, nobody)
    if not everybody @ test.weight:
        raise SurveyError("everybody gave the same answer to every question: there is no variance to explain")
    rows: list[dict[str, object]] = []
    errors, has = [], answered(train)
    for name, kind, labels in _groupings(space, train, personas, ks, pairs, seed, method):
        asked = asked_variance(labels, train, has)
        rows.append({"grouping": name, "kind": kind, "groups": int(labels.max()) + 1, "asked": asked})
        tried = GroupShares(fitting, labels)
        prior = PRIORS[_best([of_shares(tried.shares(prior), choosing, labels) for prior in PRIORS], train)]
        errors.append(of_shares(GroupShares(train, labels).shares(prior), test, labels))
    if len(train.traits.columns):
        strength = PRIORS[_best(of_regression(fitting, choosing, PRIORS), train)]
        rows.append({"grouping": "every trait together", "kind": "every trait"})
        errors.append(of_regression(train, test, (strength,))[0])
    rows.append({"grouping": "own vectors", "kind": "vectors", "groups": len(space.ids_)})
    errors.append(of_embedder(space, test))
    table = pd.DataFrame(rows)
    table["groups"] = table["groups"].astype("Int64")
    value, low, high = _skill(np.column_stack([everybody, *errors]) * test.weight[:, None], seed)
    table = table.assign(explained=value, low=low, high=high)
    return table.sort_values("explained", ascending=False, kind="stable").reset_index(drop=True)


def _groupings(
    space: Embedder, train: Survey, personas: Personas, ks: Iterable[int], pairs: bool, seed: int, method: str
) -> Iterator[tuple[str, str, IntArray]]:
    """Name, kind, and each respondent's group, -1 for none."""
    found = {len(personas): personas}
    found |= {k: ClusterPersonas(k=k, method=method, seed=seed).fit(space, train) for k in ks if k not in found}
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
        labels[[survey.respondent_index[name] for name in persona.members if name in survey.respondent_index]] = group
    return labels


def _best(errors: FloatArray | list[FloatArray], survey: Survey) -> int:
    """Which row of errors, of shape ``[.., respondents]``, is smallest in sum."""
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
