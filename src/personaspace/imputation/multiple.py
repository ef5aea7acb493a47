"""Multiple imputation: blanks filled several times over by draws that are as dispersed as people's answers.

Each of the m completed surveys carries the three uncertainties of Rubin, *Multiple Imputation for Nonresponse in
Surveys* (1987), so far as an embedder that is fitted once can:

1. *The respondent's vector.* A respondent's blanks are filled in steps: some are drawn, the respondent is placed anew
   from real and drawn answers together, the next are drawn from there. The joint distribution is the product of the
   embedder's own conditionals, p(a, b | known) = p(a | known) p(b | known, a), so answers drawn for one respondent
   hang together. Drawing the unseen from the model's predictions, one after the other, is predictive resampling; the
   vector it ends in is a draw from the martingale posterior (Fong, Holmes and Walker 2023, JRSS B 85, 1357).
2. *The share of people who choose an option.* Before every draw respondents are reweighted by the Bayesian bootstrap
   (Rubin 1981, Annals of Statistics 9, 130) and every option's probability is multiplied by the factor that makes the
   predictions' mean equal to the reweighted answers (:mod:`personaspace.imputation.raking`); further factors
   keep that mean from step to step (:mod:`personaspace.imputation.sequential`).
3. *The answer itself* is drawn, not the most probable one taken. Where it is a number, a point of the scale is drawn
   and then one of the numbers people gave nearest to that point.

What is not redrawn are the option vectors the embedder learned. The answers are taken to be missing at random: given
the answers a respondent gave, whether a question was put does not depend on what the respondent would have said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.errors import MAX_SEED, SurveyError, unknown
from personaspace.imputation.answer_matrix import BLANK, answer_matrix
from personaspace.imputation.raking import CrossFittedPredictions
from personaspace.imputation.sequential import factors_of_steps, fill_sequentially
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.filters import Filter, filtered_questions, reached
from personaspace.survey.lookup import NOWHERE, index_of, named_positions, positions
from personaspace.survey.question import option_type
from personaspace.survey.survey import Survey

BLOCK = 4096  # respondents filled at a time; the draws depend on it


@dataclass(frozen=True, eq=False)
class Imputation:
    """A survey and several draws of the answers missing in it.

    Attributes:
        survey: As it was given.
        blanks: The cells that were filled.
        options: The options drawn, shape ``[draws, blanks]``.
        values: The numbers drawn, NaN where a question is answered with a choice; shape ``[draws, blanks]``.
        filtered: The questions left blank where they were not asked, with the answers that lead to them.
    """

    survey: Survey
    blanks: Pairs
    options: npt.NDArray[np.signedinteger]
    values: FloatArray
    filtered: dict[str, Filter] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of draws."""
        return len(self.options)

    def answers(self, draw: int) -> Answers:
        """The answers of one draw, counted from 0, without the real ones."""
        return Answers(self.blanks.respondent, self.blanks.question, self.options[draw], self.values[draw])

    def survey_of(self, draw: int) -> Survey:
        """The completed survey of one draw, counted from 0: real and drawn answers together."""
        return self.survey.with_more_answers(self.answers(draw))

    def table(self, draw: int | None = None) -> pd.DataFrame:
        """The drawn answers as a table, one row per draw and blank.

        Args:
            draw: Only this draw, counted from 0; all where not given.

        Returns:
            Columns ``respondent``, ``question``, ``draw`` (counted from 1), ``option`` (its text) and, where a
            question is answered with a number, ``value``.
        """
        survey, which = self.survey, np.arange(len(self)) if draw is None else np.array([draw])
        draws = len(which)
        texts = [option.text for question in survey.questions for option in question.options]
        nodes = survey.offsets[self.blanks.question] + self.options[which]
        table = pd.DataFrame(
            {
                "respondent": _categorical(survey.respondents, np.tile(self.blanks.respondent, draws)),
                "question": _categorical([q.id for q in survey.questions], np.tile(self.blanks.question, draws)),
                "draw": np.repeat(which + 1, len(self.blanks)),
                "option": _categorical(texts, nodes.ravel()),
            }
        )
        return table if np.isnan(self.values[0]).all() else table.assign(value=self.values[which].ravel())


def impute(
    embedder: Embedder,
    survey: Survey,
    blanks: Pairs | None = None,
    *,
    draws: int = 5,
    seed: int = 0,
    fill_filtered: bool = False,
    on_draw: Callable[[int, int], None] | None = None,
) -> Imputation:
    """Fill the blanks of a survey by multiple imputation from an embedder's predictions.

    Args:
        embedder: Fitted.
        survey: The respondents with all that is known of them; questions are matched by id.
        blanks: The cells to fill, or ``None`` for all that are neither answered nor refused nor left blank by a
            filter; those of questions the embedder does not know are left alone.
        draws: How many completed surveys to make, at least 1; intervals need at least 2.
        seed: The same seed gives the same draws.
        fill_filtered: Whether to fill, where ``blanks`` are not given, filtered questions
            (:func:`~personaspace.survey.filters.filtered_questions`) for everybody, as if all were asked. By default
            they are filled only for those whose answer leads to them.
        on_draw: Called after every draw with the number of draws done and of all draws.

    Returns:
        The draws.

    Raises:
        NotFittedError: The embedder was not fitted.
        SettingError: ``draws`` or ``seed`` is outside what is allowed.
        SurveyError: There is nothing to fill, or a cell to be filled holds an answer, is given twice or lies outside
            the survey.
        UnknownNameError: The embedder knows none of the questions.

    Example:
        >>> from personaspace.embedding.lightgcn.model import LightGCN
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> imputation = impute(LightGCN(dim=8, epochs=2).fit(survey), survey, draws=2)
        >>> len(imputation), len(imputation.survey_of(0).answers) + len(survey.refusals)
        (2, 6000)
    """
    check_whole("draws", draws, least=1)
    check_whole("seed", seed, least=0, most=MAX_SEED)
    known, column = answer_matrix(embedder, survey), _columns(embedder, survey)
    filters = filtered_questions(survey) if blanks is None and not fill_filtered else {}
    blanks = blank_cells(survey, filters=filters) if blanks is None else blanks
    _check_cells(survey, blanks)
    blanks = blanks.where(column[blanks.question] != NOWHERE)
    cells = blanks.respondent, column[blanks.question]
    if not len(blanks):
        raise SurveyError(
            f"there is nothing to fill in {survey!r}: every question asked about is answered, refused or filtered"
        )
    if (known[cells] != BLANK).any():
        raise SurveyError("a cell to be filled holds an answer already: leave it out of the blanks")
    empty = np.zeros((len(known), len(embedder.questions_)), np.bool_)
    empty[cells] = True
    predictions = CrossFittedPredictions.of(embedder, known, np.random.default_rng(seed))
    kind, numeric = option_type(embedder.questions_), any(question.scale for question in survey.questions)
    options = np.empty((draws, len(blanks)), kind)
    values = np.empty((draws, len(blanks))) if numeric else np.broadcast_to(np.nan, (draws, len(blanks)))
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        weights = rng.standard_exponential(len(predictions.predicted))
        factors = predictions.raking_factors(weights / weights.mean())
        each = factors_of_steps(embedder, known, empty, factors, rng)
        matrix = np.empty(known.shape, kind)
        for start in range(0, len(known), BLOCK):
            block = slice(start, start + BLOCK)
            matrix[block] = fill_sequentially(embedder, known[block], empty[block], each, rng)
        options[draw] = matrix[cells]
        if numeric:
            values[draw] = _draw_numbers(survey, Answers(blanks.respondent, blanks.question, options[draw]), rng)
        if on_draw is not None:
            on_draw(draw + 1, draws)
    return Imputation(survey, blanks, options, values, filters)


def blank_cells(
    survey: Survey, questions: Sequence[str] | None = None, filters: Mapping[str, Filter] | None = None
) -> Pairs:
    """The cells of a survey that hold neither an answer nor a refusal.

    Args:
        survey: Any.
        questions: Ids of the questions looked at, or ``None`` for all.
        filters: Those found by :func:`~personaspace.survey.filters.filtered_questions` that leave cells out.

    Returns:
        Pairs by respondent, then question.

    Raises:
        UnknownNameError: The survey has no such question.
        SettingError: ``questions`` is empty or holds one twice.
    """
    wanted = slice(None) if questions is None else named_positions("question", questions, survey.question_index)
    empty = np.zeros((len(survey.respondents), len(survey.questions)), np.bool_)
    empty[:, wanted] = True
    empty &= reached(survey, filters or {})
    for pairs in (survey.answers, survey.refusals):
        empty[pairs.respondent, pairs.question] = False
    return Pairs(*np.nonzero(empty))


def _check_cells(survey: Survey, cells: Pairs) -> None:
    """Raise :class:`SurveyError` where a cell lies outside the survey or is given twice."""
    shape = len(survey.respondents), len(survey.questions)
    columns = np.stack([cells.respondent, cells.question])
    if ((columns < 0) | (columns >= np.array(shape)[:, None])).any():
        raise SurveyError(f"a cell to be filled lies outside the {shape[0]} respondents and {shape[1]} questions")
    if len(np.unique(columns, axis=1).T) != len(cells):
        raise SurveyError("a cell to be filled is given more than once: give each once")


def _columns(embedder: Embedder, survey: Survey) -> IntArray:
    """The embedder's column of every question of the survey, -1 where it has none."""
    known = index_of(question.id for question in embedder.questions_)
    columns = positions((question.id for question in survey.questions), known)
    if (columns == NOWHERE).all():
        raise unknown("question", survey.questions[0].id if survey.questions else "", known)
    return columns


def _draw_numbers(survey: Survey, chosen: Answers, rng: np.random.Generator) -> FloatArray:
    """For every point chosen on a scale, a random one of the numbers given nearest to that point of that question.

    Args:
        survey: Where the numbers come from.
        chosen: Points chosen, counted as in the survey.
        rng: Draws them.

    Returns:
        Shape ``[chosen]``: NaN where the question is answered with a choice, the point's own number where nobody gave
        one near it.
    """
    nodes = survey.offsets[chosen.question] + chosen.option
    points = [np.full(len(q.options), np.nan) if q.scale is None else q.scale.numbers for q in survey.questions]
    values: FloatArray = np.concatenate(points)[nodes]
    if not survey.answers.numeric:
        return values
    order = np.argsort(survey.option_nodes, kind="stable")
    given, starts = survey.answers.value[order], np.searchsorted(survey.option_nodes[order], np.arange(nodes.max() + 2))
    counts = np.diff(starts)[nodes]
    near = (counts > 0) & ~np.isnan(values)
    at = starts[nodes[near]] + (rng.random(near.sum()) * counts[near]).astype(np.int64)
    values[near] = given[at]
    return values


def _categorical(names: Sequence[str], codes: IntArray) -> pd.Categorical:
    """Names by index, each kept once; equal names under different indices are one."""
    labels, categories = pd.factorize(pd.Series(list(names), dtype="str"))
    return pd.Categorical.from_codes(labels[codes], categories=categories)
