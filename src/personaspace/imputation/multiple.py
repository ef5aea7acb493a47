"""Multiple imputation: questions nobody put to a respondent, answered several times over, as dispersed as people are.

Each of the m completed surveys carries the three uncertainties of Rubin, *Multiple Imputation for Nonresponse in
Surveys* (1987), so far as an embedder that is fitted once can:

1. *Where the respondent stands.* A respondent's blanks are filled in rounds: some are drawn, the respondent is placed
   anew from real and drawn answers together, the next are drawn from there. The joint distribution is the product of
   the embedder's own conditionals, p(a, b | known) = p(a | known) p(b | known, a), so answers drawn for one respondent
   hang together. Drawing the unseen from the model's predictions, one after the other, is predictive resampling; the
   position it ends in is a draw from the martingale posterior (Fong, Holmes and Walker 2023, JRSS B 85, 1357).
2. *What share of people choose an option.* Before every draw respondents are reweighted by the Bayesian bootstrap
   (Rubin 1981, Annals of Statistics 9, 130) and every option's probability is multiplied by the factor that makes the
   predictions' mean equal to the reweighted answers (:mod:`personaspace.imputation.raking`); further factors
   keep that mean from round to round (:mod:`personaspace.imputation.sequential`).
3. *The answer itself* is drawn, not the most probable one taken. Where it is a number, a point of the scale is drawn
   and then one of the numbers people gave nearest to that point.

What is not redrawn are the directions the embedder learned. The answers are taken to be missing at random: given the
answers a respondent gave, whether a question was put does not depend on what the respondent would have said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import MAX_SEED, SettingError, SurveyError, unknown
from personaspace.imputation.answer_matrix import NONE, as_table
from personaspace.imputation.raking import Calibration
from personaspace.imputation.sequential import correction_factors, filled
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.survey import Survey, completed


def numbers_like(survey: Survey, chosen: Answers, rng: np.random.Generator) -> FloatArray:
    """For every point chosen, a number at random from those given nearest to that point of that question.

    Args:
        survey: Where the numbers come from.
        chosen: Points chosen, counted as in the survey.
        rng: Draws them.

    Returns:
        Shape ``[chosen]``: NaN where the question is answered with a choice, the point's own number where nobody gave
        one near it.

    Example:
        >>> from personaspace.survey.question import Question
        >>> police = Question.number("ftpolice", "How would you rate the police?", 0, 100)
        >>> survey = Survey(("ann", "bob"), (police,), Answers([0], [0], [15], [74.0]))
        >>> numbers_like(survey, Answers([1, 1], [0, 0], [15, 0]), np.random.default_rng(0)).tolist()
        [74.0, 0.0]
    """
    nodes = survey.offsets[chosen.question] + chosen.option
    points = [np.full(len(q.options), np.nan) if q.scale is None else q.scale.numbers for q in survey.questions]
    values: FloatArray = np.concatenate(points)[nodes]
    if not survey.answers.numeric:
        return values
    order = np.argsort(survey.option_nodes, kind="stable")
    given, starts = survey.answers.value[order], np.searchsorted(survey.option_nodes[order], np.arange(nodes.max() + 2))
    counts = np.diff(starts)[nodes]
    like = (counts > 0) & ~np.isnan(values)
    at = starts[nodes[like]] + (rng.random(like.sum()) * counts[like]).astype(np.int64)
    values[like] = given[at]
    return values


BLOCK = 4096  # respondents at a time


@dataclass(frozen=True, eq=False)
class Imputation:
    """A survey and several draws of what its blanks might hold.

    Attributes:
        survey: As it was given.
        blanks: The cells that were filled.
        options: What was drawn, shape ``[draws, blanks]``.
        values: Where a question is answered with a number, the number; else NaN. Shape ``[draws, blanks]``.
    """

    survey: Survey
    blanks: Pairs
    options: npt.NDArray[np.int16]
    values: FloatArray

    def __len__(self) -> int:
        return len(self.options)

    def answers(self, draw: int) -> Answers:
        """The drawn answers of one draw, none of them real."""
        return Answers(self.blanks.respondent, self.blanks.question, self.options[draw], self.values[draw])

    def filled(self, draw: int) -> Survey:
        """The survey with real and drawn answers together."""
        return completed(self.survey, self.answers(draw))

    def table(self, draw: int | None = None) -> pd.DataFrame:
        """One row per draw and blank: ``respondent``, ``question``, ``draw`` (from 1) and ``option`` (its text).

        Where a question is answered with a number there is a column ``value`` too. Given a draw, only its rows.
        """
        survey, which = self.survey, np.arange(len(self)) if draw is None else np.array([draw])
        draws = len(which)
        texts = [option.text for question in survey.questions for option in question.options]
        nodes = survey.offsets[self.blanks.question] + self.options[which]
        table = pd.DataFrame(
            {
                "respondent": _named(survey.respondents, np.tile(self.blanks.respondent, draws)),
                "question": _named([q.id for q in survey.questions], np.tile(self.blanks.question, draws)),
                "draw": np.repeat(which + 1, len(self.blanks)),
                "option": _named(texts, nodes.ravel()),
            }
        )
        return table if np.isnan(self.values[0]).all() else table.assign(value=self.values[which].ravel())


def impute(
    space: Embedder,
    survey: Survey,
    blanks: Pairs | None = None,
    *,
    draws: int = 5,
    seed: int = 0,
    on_draw: Callable[[int, int], None] | None = None,
) -> Imputation:
    """Fill blanks with draws from what an embedder expects.

    Args:
        space: Any fitted embedder.
        survey: The respondents with all that is known of them; questions are matched by id.
        blanks: The cells to fill, or ``None`` for all neither answered nor refused; those of questions the embedder
            does not know are left alone.
        draws: How many completed surveys to make, at least 1; intervals need at least 2.
        seed: The same seed gives the same draws.
        on_draw: Told how many draws are done, and of how many.

    Returns:
        The draws.

    Raises:
        SettingError: ``draws`` or ``seed`` is outside what is allowed.
        SurveyError: There is nothing to fill, or a cell to be filled holds an answer.

    Example:
        >>> from personaspace.embedding.lightgcn.model import LightGCN
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> imputation = impute(LightGCN(dim=8, epochs=2).fit(survey), survey, draws=2)
        >>> len(imputation), len(imputation.filled(0).answers) + len(survey.refusals)
        (2, 6000)
    """
    if draws < 1 or not 0 <= seed <= MAX_SEED:
        raise SettingError(f"draws is {draws}, seed {seed}: draw at least once, with a seed from 0 to {MAX_SEED}")
    column = _columns(space, survey)
    blanks = blank_cells(survey) if blanks is None else blanks
    blanks = blanks.where(column[blanks.question] >= 0)
    known, place = as_table(space, survey), (blanks.respondent, column[blanks.question])
    if not len(blanks):
        raise SurveyError(f"there is nothing to fill in {survey!r}: every question asked about is answered or refused")
    if (known[place] != NONE).any():
        raise SurveyError("a cell to be filled holds an answer already: leave it out of the blanks")
    empty = np.zeros(known.shape, np.bool_)
    empty[place] = True
    calibration = Calibration.of(space, known, np.random.default_rng(seed))
    options, numeric = np.empty((draws, len(blanks)), np.int16), any(question.scale for question in survey.questions)
    values = np.empty((draws, len(blanks))) if numeric else np.broadcast_to(np.nan, (draws, len(blanks)))
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        weights = rng.standard_exponential(len(calibration.predicted))
        factors = calibration.factors(weights / weights.mean())
        each = correction_factors(space, known, empty, factors, rng)
        table = np.empty(known.shape, np.int16)
        for start in range(0, len(known), BLOCK):
            block = slice(start, start + BLOCK)
            table[block] = filled(space, known[block], empty[block], each, rng)
        options[draw] = table[place]
        if numeric:
            values[draw] = numbers_like(survey, Answers(blanks.respondent, blanks.question, options[draw]), rng)
        if on_draw is not None:
            on_draw(draw + 1, draws)
    return Imputation(survey, blanks, options, values)


def blank_cells(survey: Survey, questions: Sequence[str] | None = None) -> Pairs:
    """The cells of a survey that hold neither an answer nor a refusal.

    Args:
        survey: Any.
        questions: Ids of the questions looked at, or ``None`` for all.

    Returns:
        Pairs by respondent, then question.

    Raises:
        UnknownNameError: The survey has no such question.
    """
    wanted = list(survey.question_index if questions is None else questions)
    for name in wanted:
        survey.question(name)
    empty = np.zeros((len(survey.respondents), len(survey.questions)), np.bool_)
    empty[:, [survey.question_index[name] for name in wanted]] = True
    for pairs in (survey.answers, survey.refusals):
        empty[pairs.respondent, pairs.question] = False
    return Pairs(*np.nonzero(empty))


def _columns(space: Embedder, survey: Survey) -> IntArray:
    """The embedder's column of every question of the survey, -1 where it has none."""
    index = {question.id: j for j, question in enumerate(space.questions_)}
    column = np.array([index.get(question.id, -1) for question in survey.questions], np.int64)
    if (column < 0).all():
        raise unknown("question", survey.questions[0].id, index)
    return column


def _named(names: tuple[str, ...] | list[str], codes: IntArray) -> pd.Categorical:
    """Names by index, each kept once; equal names under different indices are one."""
    labels, categories = pd.factorize(pd.Series(list(names), dtype="str"))
    return pd.Categorical.from_codes(labels[codes], categories=categories)
