"""Join several surveys of the same people, such as the waves of a panel, into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from personaspace.errors import SurveyError, shown
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey


def join(surveys: Sequence[Survey], name: str | None = None) -> Survey:
    """Join surveys by respondent: one row for everybody who took part in any of them.

    Args:
        surveys: Two or more, in order of time, whose ids stand for the same people.
        name: How the joined survey is called; the names of all by default.

    Returns:
        Respondents in order of first appearance; the questions of each survey in its order, with the survey's name
        behind the id where another survey has the same id; traits with the latest known value; as weight the mean of
        the weights that a respondent has, each survey's scaled to mean 1 (a survey without weights gives none), 1
        where a respondent has none.

    Raises:
        SurveyError: Fewer than two surveys, two with one name, or some of them simulated and some not.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> first, second = simulate(50, seed=0), simulate(40, seed=1)
        >>> both = join([first, replace(second, name="second wave")])
        >>> len(both), len(both.questions)
        (50, 120)
    """
    if len(surveys) < 2:
        raise SurveyError(f"joining takes two surveys or more: {len(surveys)} given")
    if twice := [name for name, count in Counter(survey.name for survey in surveys).items() if count > 1]:
        raise SurveyError(f"two of the surveys are called {shown(twice[0])}: give each a name of its own")
    if len({survey.simulated for survey in surveys}) > 1:
        raise SurveyError("some of the surveys are simulated and some are not: join those of one kind")
    people = pd.Index(list(dict.fromkeys(person for survey in surveys for person in survey.respondents)), dtype=object)
    count = Counter(question.id for survey in surveys for question in survey.questions)
    questions, start = [], 0
    answers: list[Answers] = []
    refusals: list[Pairs] = []
    for survey in surveys:
        rows = people.get_indexer(pd.Index(list(survey.respondents), dtype=object))
        columns = np.arange(len(survey.questions)) + start
        answers.append(survey.answers.renumbered(rows, columns))
        refusals.append(survey.refusals.renumbered(rows, columns))
        start += len(survey.questions)
        questions += [
            replace(question, id=f"{question.id} ({survey.name})") if count[question.id] > 1 else question
            for question in survey.questions
        ]
    return Survey(
        respondents=tuple(people),
        questions=tuple(questions),
        answers=Answers(*(np.concatenate([getattr(part, field) for part in answers]) for field in vars(answers[0]))),
        traits=_traits(surveys, people),
        weights=_weights(surveys, people),
        refusals=Pairs(*(np.concatenate([getattr(part, field) for part in refusals]) for field in vars(refusals[0]))),
        name=name or ", ".join(survey.name for survey in surveys),
        simulated=surveys[0].simulated,
    )


def _traits(surveys: Sequence[Survey], people: pd.Index) -> pd.DataFrame:
    """The latest known value of each trait."""
    found: dict[str, pd.Series] = {}
    for survey in surveys:
        for trait, values in survey.traits.items():
            latest = values.reindex(people)
            known = found.get(str(trait))
            found[str(trait)] = latest if known is None else _latest(latest, known)
    return pd.DataFrame(found, index=people)


def _latest(new: pd.Series, old: pd.Series) -> pd.Series:
    if not isinstance(new.dtype, pd.CategoricalDtype) or not isinstance(old.dtype, pd.CategoricalDtype):
        return new.astype("str").combine_first(old.astype("str"))
    order = list(dict.fromkeys([*old.cat.categories, *new.cat.categories]))
    both = new.astype(object).combine_first(old.astype(object))
    return both.astype(pd.CategoricalDtype(order, ordered=bool(new.cat.ordered and old.cat.ordered)))


def _weights(surveys: Sequence[Survey], people: pd.Index) -> FloatArray | None:
    weighted = [survey for survey in surveys if survey.weights is not None]
    if not weighted:
        return None
    every = pd.concat([pd.Series(survey.relative_weight, index=list(survey.respondents)) for survey in weighted])
    mean = every.groupby(level=0).mean().reindex(people).fillna(1.0).to_numpy(np.float64)
    return np.asarray(mean / mean.mean())
