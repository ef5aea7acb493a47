"""Check the parts of a survey: unique ids, answers within range, traits and weights of every respondent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from personaspace.errors import SurveyError, listed, shown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.question import Question, check_characters, offsets_of, repeated


def check_ids(respondents: Sequence[str], questions: Sequence[Question]) -> None:
    """Raise :class:`SurveyError` where two respondents or two questions have one id, or an id cannot be written."""
    check_characters("a respondent's id", "\n".join(respondents))
    if twice := repeated(respondents):
        raise SurveyError(
            f"{len(twice)} respondent id(s) occur more than once, first {shown(twice[0])}: "
            "ids must be unique; merge or rename the rows"
        )
    if twice := repeated(question.id for question in questions):
        raise SurveyError(f"question id {shown(twice[0])} occurs more than once: ids must be unique")


def check_answers(respondents: Sequence[str], questions: Sequence[Question], answers: Answers, refusals: Pairs) -> None:
    """Raise :class:`SurveyError` where an index is out of range or a cell has more than one answer or refusal."""
    for what, pairs in (("answers", answers), ("refusals", refusals)):
        _check_range(f"respondent index in {what}", pairs.respondent, len(respondents))
        _check_range(f"question index in {what}", pairs.question, len(questions))
    sizes = np.diff(offsets_of(questions))
    bad = (answers.option < 0) | (answers.option >= sizes[answers.question])
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        question = questions[answers.question[at]]
        raise SurveyError(
            f"answer {at} chooses option {answers.option[at]} of question {shown(question.id)}, "
            f"which has options 0 to {len(question.options) - 1}"
        )
    cells = np.concatenate([answers.cells(len(questions)), refusals.cells(len(questions))])
    if (np.diff(cells) > 0).all():
        return
    values, counts = np.unique(cells, return_counts=True)
    if (counts > 1).any():
        row, column = divmod(int(values[counts > 1][0]), len(questions))
        raise SurveyError(
            f"respondent {shown(respondents[row])} has more than one answer or refusal to question "
            f"{shown(questions[column].id)}: keep one"
        )


def checked_traits(traits: pd.DataFrame, respondents: Sequence[str]) -> pd.DataFrame:
    """The traits, indexed by respondent id: text, or ordered Categoricals of text where their values have an order.

    Args:
        traits: A column per trait. The categories of a Categorical are the order of its values, whether or not pandas
            calls them ordered.
        respondents: Ids.

    Raises:
        SurveyError: There is not one row per respondent, or two traits, or two values of one, are called the same.
    """
    index = pd.Index(list(respondents), dtype=object)
    if traits.empty and not len(traits.columns):
        return pd.DataFrame(index=index)
    if len(traits) != len(respondents):
        raise SurveyError(
            f"traits have {len(traits)} rows for {len(respondents)} respondents: "
            "give one row per respondent, in the same order"
        )
    if twice := repeated(traits.columns.astype(str)):
        raise SurveyError(f"two traits are called {shown(twice[0])}: rename one of them")
    try:
        columns = {str(name): _trait_values(str(name), column) for name, column in traits.items()}
    except UnicodeEncodeError as error:
        raise SurveyError(f"a trait holds {shown(error.object)}, half of a character: correct the text") from error
    return pd.DataFrame(columns, index)


def _trait_values(name: str, column: pd.Series) -> ExtensionArray | pd.Categorical:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("str").array
    values = pd.Index(column.cat.categories.astype(str), dtype="str")
    if twice := repeated(values):
        raise SurveyError(f"the trait {shown(name)} has the value {shown(twice[0])} twice: make the two one category")
    return pd.Categorical.from_codes(column.cat.codes, values, ordered=True)


def checked_trait_labels(labels: Mapping[str, str], traits: pd.DataFrame) -> dict[str, str]:
    """A copy of the labels; :class:`SurveyError` where one is of no trait, or cannot be written."""
    for name, label in labels.items():
        if name not in traits.columns:
            raise SurveyError(f"a label of the trait {shown(name)}, which is none of {listed(traits.columns)}: drop it")
        check_characters(f"the label of the trait {shown(name)}", label)
    return dict(labels)


def checked_weights(weights: FloatArray, respondents: Sequence[str], zero_allowed: bool) -> FloatArray:
    """The weights as a read-only copy, shape ``[respondents]``.

    Raises:
        SurveyError: Their number is wrong, one is negative or not finite, or all are 0 where they must not be.
    """
    weights = np.array(weights, dtype=np.float64)
    if weights.shape != (len(respondents),):
        raise SurveyError(f"weights have shape {weights.shape}, expected ({len(respondents)},)")
    bad = ~np.isfinite(weights) | (weights < 0)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise SurveyError(f"respondent {shown(respondents[at])} has weight {weights[at]}: weights are finite and >= 0")
    if len(weights) and not weights.any() and not zero_allowed:
        raise SurveyError("all weights are 0: leave the weights out or give at least one above 0")
    weights.flags.writeable = False
    return weights


def _check_range(what: str, indices: IntArray, size: int) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        bad = int(indices[(indices < 0) | (indices >= size)][0])
        raise SurveyError(f"{what}: {bad} is outside 0 to {size - 1}")
