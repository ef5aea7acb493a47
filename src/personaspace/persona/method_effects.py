"""Method effects: how far groups of respondents reflect response styles, or who was asked what, and not opinions.

A response style is a way of filling in a questionnaire whatever is asked: the middle, the ends, always the same end, no
answer (Billiet and McClendon, Structural Equation Modeling 7, 2000; Van Vaerenbergh and Thomas, International Journal
of Public Opinion Research 25, 2013). Forms, waves and filters put other questions to other people, and an embedder may
then place people by what they were asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from personaspace.survey.answers import Pairs
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.option_sums import repeat_options, sum_options
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

STYLES = {
    "middle": "choosing the middle option",
    "ends": "choosing the ends of scales",
    "same end": "choosing the same end of scales, such as always agreeing",
    "off the scale": "refusing, or answering off the scale (“Not sure”)",
}
"""The response styles, in words."""

PARTICIPATION = "participation"
"""The name of the effect of who answered which question."""

POINTS = 4
"""Points of a scale from which choosing its ends is a style: of two options both are ends."""

ALIKE = 5
"""Questions with the same options from which choosing the same end of all is a style."""

COMPONENTS = 10
"""Principal components of participation: enough to distinguish eleven forms or waves."""

SAMPLE = 4000
"""Respondents from whom these components are computed."""

MAINLY = 0.5
"""Part of what separates groups from which they are said to be mainly a method effect."""

NAMED = 0.02
"""Part of what separates groups from which the style that has most of it is named."""


@dataclass(frozen=True, eq=False)
class Style:
    """How far each respondent shows a response style; each array has shape ``[respondents]``.

    Attributes:
        shown: Summed over the answers that can show the style, 1 for one that does; for ``"same end"`` the positions
            of these answers, from 0 to 1.
        expected: The same sum of the population's means on the same questions.
        answers: The number of these answers.
    """

    shown: FloatArray
    expected: FloatArray
    answers: FloatArray

    @property
    def index(self) -> FloatArray:
        """Mean excess over the population's means on the same questions; 0 where no answer can show the style."""
        excess = self.shown - self.expected
        return np.divide(excess, self.answers, out=np.zeros_like(excess), where=self.answers > 0)


def response_styles(survey: Survey) -> dict[str, Style]:
    """Measure how far each respondent shows each response style, whatever questions they answered.

    - ``"middle"``: the option in the middle of a scale (50 of a thermometer, "Pass" of Polis), where there is one.
    - ``"ends"``: the first or last point of a scale of at least four.
    - ``"same end"``: the mean position on questions that share their options with at least four others. Where such
      questions all point one way, it cannot be distinguished from an opinion.
    - ``"off the scale"``: options without a position on ordinal questions ("Not sure"), and refusals.

    Args:
        survey: Answers, refusals and weights.

    Returns:
        By name; styles in which no two respondents of the survey differ are left out.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> styles = response_styles(simulate(respondents=200))
        >>> list(styles), abs(round(float(styles["ends"].index.mean()), 1))
        (['middle', 'ends', 'same end', 'off the scale'], 0.0)
    """
    shape = (len(survey.respondents), int(survey.offsets[-1]))
    given = csr_array((np.ones(len(survey.answers)), (survey.answers.respondent, survey.option_nodes)), shape=shape)
    alike = Counter(question.options for question in survey.questions)
    values = [_values(question, alike[question.options] >= ALIKE) for question in survey.questions]
    nobody = survey.refusals.where(np.empty(0, np.int64))
    found = {
        name: _style(
            survey,
            given,
            np.concatenate([of_question[name] for of_question in values]) if values else np.empty(0),
            survey.refusals if name == "off the scale" else nobody,
        )
        for name in STYLES
    }
    return {name: style for name, style in found.items() if np.ptp(style.index) > 0}


def _values(question: Question, shared: bool) -> dict[str, FloatArray]:
    """What each option says of each style; NaN where it can say nothing."""
    places = question.positions
    points = np.unique(places[~np.isnan(places)])
    silent = np.full(len(places), np.nan)

    def where(chosen: FloatArray) -> FloatArray:
        return np.where(np.isnan(places), np.nan, np.isin(places, chosen))

    return {
        "middle": where(np.array([0.5])) if len(points) > 2 and 0.5 in points else silent,
        "ends": where(points[[0, -1]]) if len(points) >= POINTS else silent,
        "same end": places if shared and question.ordinal else silent,
        "off the scale": np.isnan(places).astype(np.float64) if question.ordinal else np.zeros(len(places)),
    }


def _style(survey: Survey, given: csr_array, values: FloatArray, refused: Pairs) -> Style:
    """A style from what options say of it; refusals show it."""
    respondents, questions, offsets = len(survey.respondents), len(survey.questions), survey.offsets
    if not questions:
        return Style(*np.zeros((3, respondents)))
    counts, values = (~np.isnan(values)).astype(np.float64), np.nan_to_num(values)
    weighted = survey.weight @ given
    refusals = np.bincount(refused.question, survey.weight[refused.respondent], questions)
    shown = sum_options(weighted * values, offsets) + refusals
    answers = sum_options(weighted * counts, offsets) + refusals
    mean = np.divide(shown, answers, out=np.zeros(questions), where=answers > 0)
    counts = counts * repeat_options(mean > 0, offsets)
    times = np.bincount(refused.respondent, minlength=respondents)
    return Style(
        given @ values + times,
        given @ (counts * repeat_options(mean, offsets))
        + np.bincount(refused.respondent, mean[refused.question], respondents),
        given @ counts + times,
    )


def answered(survey: Survey) -> csr_array:
    """1 where a respondent answered a question, shape ``[respondents, questions]``."""
    cells = (survey.answers.respondent, survey.answers.question)
    return csr_array((np.ones(len(survey.answers)), cells), shape=(len(survey.respondents), len(survey.questions)))


def participation(survey: Survey) -> FloatArray:
    """The leading principal components of who answered which question, shape ``[respondents, up to 10]``."""
    from sklearn.decomposition import PCA

    has = answered(survey)
    rows = np.sort(np.random.default_rng(0).permutation(has.shape[0])[:SAMPLE])
    sample = has[rows].toarray()
    if not sample.size or not np.ptp(sample, axis=0).any():
        return np.empty((has.shape[0], 0))
    found = PCA(min(COMPONENTS, *sample.shape), svd_solver="randomized", random_state=0).fit(sample)
    return np.asarray(has @ found.components_.T - found.mean_ @ found.components_.T)


def method_effects(points: Vectors, labels: IntArray, survey: Survey) -> dict[str, float]:
    """Measure the part of what separates groups that goes with response styles and with participation.

    The respondents' points are regressed on the indices of a style (weighted least squares). With c_k the mean point
    of group k minus that of everybody, f_k the mean of the fitted points likewise, and w_k the group's weight,

        share = sum_k w_k <c_k, f_k> / sum_k w_k |c_k|^2,    adjusted: 1 - (1 - share) (n - 1) / (n - 1 - predictors),

    n being the effective sample size (Kish 1965). Adjusted, it is 0 on average for an index unrelated to the points,
    and 1 where the index places people alone.

    Args:
        points: The respondents in the answer space, shape ``[respondents, dimensions]``.
        labels: Their groups, -1 for none.
        survey: Answers, refusals and weights of the same respondents, in the same order.

    Returns:
        Shares from 0 to 1: of each style of :func:`response_styles`, ``"styles"`` (all together) and
        ``"participation"`` (:func:`participation`). Empty where groups are not apart or respondents too few.

    Example:
        >>> from personaspace.embedding.factorization.model import Factorization
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=300, seed=0)
        >>> points = Factorization(dim=8, seed=0).fit(survey).respondents_
        >>> effects = method_effects(points, (points[:, 0] > 0).astype(np.int64), survey)
        >>> max(effects.values()) < 0.3
        True
    """
    predictors = {name: style.index[:, None] for name, style in response_styles(survey).items()}
    together = [np.empty((len(labels), 0)), *predictors.values()]
    predictors |= {"styles": np.hstack(together), PARTICIPATION: participation(survey)}
    inside = (labels >= 0) & (survey.weight > 0)
    weight = survey.weight[inside] / survey.weight[inside].sum()
    size = 1 / float((weight**2).sum())
    place = points[inside] - weight @ points[inside]
    _, group = np.unique(labels[inside], return_inverse=True)
    members = csr_array((weight, (group, np.arange(len(group)))))
    means = (members @ place) / np.asarray(members.sum(axis=1))[:, None]
    between = float(((members @ place) * means).sum())
    apart = between > 1e-6 * float(weight @ (place**2).sum(axis=1))
    if len(means) < 2 or not apart or size < 2 * COMPONENTS:
        return {}
    root, shares = np.sqrt(weight)[:, None], {}
    for name, values in predictors.items():
        index = values[inside] - weight @ values[inside]
        slopes, _, rank, _ = np.linalg.lstsq(index * root, place * root)
        share = float(((members @ index) @ slopes * means).sum()) / between
        shares[name] = float(np.clip(1 - (1 - share) * (size - 1) / (size - 1 - rank), 0, 1))
    return shares


def effects_in_words(effects: Mapping[str, float]) -> str:
    """State the method effects in groups, and whether they are mainly that; empty without effects.

    Args:
        effects: Of :func:`method_effects`.

    Example:
        >>> effects_in_words({"middle": 0.1, "styles": 0.2, "participation": 0.03})
        'Of what separates the personas, 20% goes with response styles (10% with choosing the middle option) and 3% with which questions people answered.'
    """  # noqa: E501
    if not effects:
        return ""
    of_styles = {name: effects[name] for name in STYLES if name in effects}
    style = max(of_styles, key=lambda name: of_styles[name], default="")
    most = f" ({effects[style]:.0%} with {STYLES[style]})" if effects.get(style, 0) >= NAMED else ""
    measured = (
        f"Of what separates the personas, {effects['styles']:.0%} goes with response styles{most} and "
        f"{effects[PARTICIPATION]:.0%} with which questions people answered."
    )
    if effects[PARTICIPATION] >= MAINLY:
        measured += (
            " So they mainly reproduce who was asked what (a form, a wave or a filter) and not opinions: fit forms or "
            "waves one by one, or leave out the questions that only some were asked."
        )
    if effects["styles"] >= MAINLY:
        one_way = " Where all statements point the same way it may also be an opinion." if style == "same end" else ""
        measured += (
            " So they are mainly ways of filling in the questionnaire, whatever was asked, and perhaps not opinions: "
            f"leave out the personas of which their cards say so, or the people.{one_way}"
        )
    return measured
