"""Cards: a paragraph of plain English per persona, made from its statistics alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.persona.personas import Personas
from personaspace.profiles.answers_apart import AnswersApart, Row
from personaspace.profiles.composition import SIGNIFICANT
from personaspace.profiles.labels import persona_labels
from personaspace.profiles.participation import asked_most_apart
from personaspace.profiles.quoting import listed, percent, quoted
from personaspace.profiles.response_styles import style_shares
from personaspace.profiles.shares import answer_choices, compare, membership
from personaspace.profiles.statistics import effective_size
from personaspace.survey.normal import Z95
from personaspace.survey.survey import Survey

OVER, UNDER = 4, 2
"""Over- and under-represented traits that a card names at the most."""

SMALL = 100.0
"""Effective sample size below which a card asks for caution."""

ASKED = 0.25
"""Difference of a question's response rate from the population's, from which a card warns of it."""

APART = 0.9
"""Share of the members who answered a question, and of the others who did not, from which it may be a form or wave."""

STYLED, STYLED_BESIDE_ALL = 0.25, 0.15
"""Excess of a response style over everybody else's, and over the population's, from which a card warns of it."""

EXTREME = 0.75
"""Mean position, towards either end, from which answers lie at the same end."""


def cards(personas: Personas, survey: Survey, composition: pd.DataFrame, distinguishing: pd.DataFrame) -> pd.DataFrame:
    """Write a paragraph per persona.

    It states the persona's size; the significantly over- and under-represented traits, those that differ most, one
    value each; the first questions in rank whose answers differ significantly (``adjusted_p`` up to .05), one of a
    topic, by direction where they are scales (:func:`~personaspace.profiles.answers_apart.direction`); a warning if
    members also answered other questions, or show a response style far more than everybody else on the same questions
    (by .25, and by .15 more than the population); and the precision of its shares.

    Args:
        personas: Those to describe.
        survey: Answers and weights.
        composition: Of these personas in this survey.
        distinguishing: The same, of answers given (not imputed).

    Returns:
        A row per persona with at least two members: ``persona, label, respondents, share, effective_size, card``; the
        label is :func:`~personaspace.profiles.labels.persona_labels`'.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    groups, members = membership(personas, survey)
    apart = AnswersApart(survey, compare(personas, survey, *answer_choices(survey)))
    labels = persona_labels(personas, composition, distinguishing, apart)
    weight, squares = (members @ survey.weight**power for power in (1, 2))
    table = pd.DataFrame(
        {
            "persona": [group.name for group in groups],
            "label": [labels[group.name] for group in groups],
            "respondents": np.diff(members.indptr),
            "share": weight / survey.weight.sum(),
            "effective_size": effective_size(weight, squares),
        }
    )
    asked = _asked(personas, survey, apart)
    styles = _styles(personas, survey)
    texts = []
    for row in table.to_dict("records"):
        traits = composition[composition["persona"] == row["persona"]]
        questions = distinguishing[distinguishing["persona"] == row["persona"]]
        sentences = [
            _size(row, survey),
            *_traits(traits),
            *_answers(questions, apart),
            *asked.get(row["persona"], []),
            *styles.get(row["persona"], []),
            _care(row["effective_size"], survey),
        ]
        texts.append(" ".join(sentences))
    return table.assign(card=texts)


def _size(row: Row, survey: Survey) -> str:
    people = "simulated respondents" if survey.simulated else "respondents"
    weighted = "" if survey.weights is None else ", weighted"
    name = f"{row['persona']} ({quoted(row['label'])})" if row["label"] else row["persona"]
    return (
        f"{name} stands for {percent(row['share'])} of {people}{weighted} "
        f"({row['respondents']:,} of {len(survey.respondents):,})."
    )


def _traits(traits: pd.DataFrame) -> list[str]:
    if traits.empty:
        return ["The survey has no traits to describe its members by."]
    parts = [
        f"{how} among its members: {listed(map(_trait, rows.to_dict('records')))}."
        for how, rows in zip(("Over-represented", "Under-represented"), differing(traits), strict=True)
        if len(rows)
    ]
    return parts or ["Its members do not differ significantly from the population in any trait."]


def differing(traits: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a composition that differ significantly and most, one a trait: over-represented, and under in others."""
    over = _foremost(traits[traits["verdict"] == "over"], OVER)
    under = traits[(traits["verdict"] == "under") & ~traits["trait"].isin(over["trait"])]
    return over, _foremost(under, UNDER)


def _foremost(traits: pd.DataFrame, most: int) -> pd.DataFrame:
    """The value of each trait that differs most, for the traits that differ most."""
    order = traits["difference"].abs().sort_values(ascending=False, kind="stable").index
    return traits.loc[order].drop_duplicates("trait").head(most)


def _trait(row: Row) -> str:
    shares = f"({percent(row['share'])}, population {percent(row['population_share'])})"
    return f"{row['label']} {quoted(row['value'])} {shares}"


def _answers(questions: pd.DataFrame, apart: AnswersApart) -> list[str]:
    if questions.empty:
        return ["Too few of its members answered any question to say on which they differ from the population."]
    significant = questions[questions["adjusted_p"] <= SIGNIFICANT]
    if significant.empty:
        return ["Its answers do not differ significantly from the population's on any question."]
    return [f"Its answers differ significantly from the population's: {listed(apart.named(significant), '; ')}."]


def _asked(personas: Personas, survey: Survey, apart: AnswersApart) -> dict[str, list[str]]:
    """A warning for each persona whose members also answered other questions than the population."""
    if not survey.questions:
        return {}
    rows = asked_most_apart(personas, survey)
    rows = rows[(rows["share"] - rows["population_share"]).abs() > ASKED]
    return {
        row["persona"]: [
            f"Note that its members also differ in which questions they answered: {percent(row['share'])} of them "
            f"answered {quoted(row['text'])}, against {percent(row['population_share'])} of the population."
            f"{_form(row['share'], row['rest_share'], apart.asked_after(row['question']))}"
        ]
        for row in rows.to_dict("records")
    }


def _form(share: float, rest: float, after: str) -> str:
    only = f" It is asked only after {after}." if after else ""
    if not (min(share, 1 - rest) >= APART or min(1 - share, rest) >= APART):
        return only
    what = "that one answer" if after else "a form or wave of the questionnaire, or a filter,"
    return (
        f"{only} Of everybody else {percent(rest)} answered it, so by that alone they can be told apart: this persona "
        f"may be {what} rather than an opinion."
    )


def _styles(personas: Personas, survey: Survey) -> dict[str, list[str]]:
    """For each persona a warning of every response style that its members show far more than everybody else."""
    rows = style_shares(personas, survey)
    same_end = rows["style"] == "same end"
    beside_rest, beside_all = (
        column.abs().where(same_end, column) for column in (rows["excess"], rows["share"] - rows["population_share"])
    )
    extreme = ~same_end | ((rows["share"] - 0.5).abs() >= EXTREME - 0.5)
    far = (beside_rest > STYLED) & (beside_all > STYLED_BESIDE_ALL) & (rows["low"] > 0) & extreme
    found: dict[str, list[str]] = {}
    for row in rows[far].to_dict("records"):
        shares = _STYLES[row["style"]].format(percent(row["share"]), percent(row["population_share"]))
        found.setdefault(row["persona"], []).append(f"{shares}: {_MAY_BE}")
    return found


_STYLES = {
    "middle": "Its members choose the middle option in {} of their answers where there is one (population {})",
    "ends": "Its members choose an end of the scale in {} of their answers on scales of four or more points "
    "(population {})",
    "same end": "On questions with the same options its members' answers lie {} of the way from one end of the scale "
    "to the other (population {})",
    "off the scale": "Its members refuse, or answer off the scale, in {} of their answers where people do so "
    "(population {})",
}
_MAY_BE = "this persona may be a way of filling in questionnaires rather than an opinion."


def _care(size: float, survey: Survey) -> str:
    if size <= 0:
        return "Its members have no weight: nothing can be said of them."
    numbers = bool(survey.questions) and all(question.scale is not None for question in survey.questions)
    what, unit = ("mean", "% of its scale") if numbers else ("share", " percentage points")
    margin = f"{100 * Z95 * 0.5 / np.sqrt(size):.0f}{unit}"
    precision = f"a {what} of all its members has a 95% margin of error of at most ±{margin}"
    if size < SMALL:
        return f"Interpret with caution: the effective sample size is only {size:.0f}; {precision}."
    return f"The effective sample size is {size:,.0f}; {precision}."
