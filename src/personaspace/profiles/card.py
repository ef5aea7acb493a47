"""Cards: each persona in a paragraph of plain English, made from its statistics alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from personaspace.persona.personas import Personas
from personaspace.profiles.composition import FALSE_CALLS
from personaspace.profiles.participation import asked_most_apart
from personaspace.profiles.shares import Shares, answer_choices, compare, membership
from personaspace.profiles.statistics import Z, effective_size
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

Row = Mapping[Hashable, Any]

OVER, UNDER, QUESTIONS = 4, 2, 3
"""How many traits and questions a card names at the most."""

COMMON = 0.6
"""What so many of everybody answer is worth saying that a persona answers too."""

SMALL = 100.0
"""Effective sample below which a card asks to be read with care."""

ALIKE = 0.15
"""Questions on which TV from everybody may be above this are not called answered like everybody."""

ASKED = 0.25
"""How much more or less often than everybody members may have answered a question before the card says so."""

HEAD, TAIL = 60, 90
"""Characters quoted of the beginning and of the end of a long question: surveys often put what differs last."""


def cards(personas: Personas, survey: Survey, composition: pd.DataFrame, distinguishing: pd.DataFrame) -> pd.DataFrame:
    """A paragraph per persona.

    It names the persona's size; the traits called over- or under-represented, those that differ most, one value each;
    the first questions in rank that are surely answered otherwise (``adjusted_p`` up to .05), one of a topic; the
    question on which members most surely answer like everybody, among those where 60% of everybody agree; and how
    uncertain its shares are.

    Args:
        personas: Those to describe.
        survey: Answers and weights.
        composition: Of these personas in this survey.
        distinguishing: The same, of answers given.

    Returns:
        A row per persona with at least two members: ``persona, respondents, share, effective_size, card``.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    groups, members = membership(personas, survey)
    weight, squares = (members @ survey.weight**power for power in (1, 2))
    table = pd.DataFrame(
        {
            "persona": [group.name for group in groups],
            "respondents": np.diff(members.indptr),
            "share": weight / survey.weight.sum(),
            "effective_size": effective_size(weight, squares),
        }
    )
    shares = compare(personas, survey, *answer_choices(survey))
    common, asked = _common(shares, survey, distinguishing), _asked(personas, survey)
    texts = []
    for row in table.to_dict("records"):
        traits = composition[composition["persona"] == row["persona"]]
        questions = distinguishing[distinguishing["persona"] == row["persona"]]
        sentences = [
            _size(row, survey),
            *_traits(traits),
            *_apart(questions, shares, survey),
            *common.get(row["persona"], []),
            *asked.get(row["persona"], []),
            _care(row["effective_size"]),
        ]
        texts.append(" ".join(sentences))
    return table.assign(card=texts)


def _size(row: Row, survey: Survey) -> str:
    people = "simulated respondents" if survey.simulated else "respondents"
    weighted = "" if survey.weights is None else ", weighted"
    return (
        f"{row['persona']} stands for {_percent(row['share'])} of {people}{weighted} "
        f"({row['respondents']:,} of {len(survey.respondents):,})."
    )


def _traits(traits: pd.DataFrame) -> list[str]:
    if traits.empty:
        return ["The survey holds no traits to describe its members by."]
    over = _foremost(traits[traits["verdict"] == "over"], OVER)
    under = traits[(traits["verdict"] == "under") & ~traits["trait"].isin(over["trait"])]
    parts = [
        f"{how} common among its members than among everybody: {_listed(map(_trait, rows.to_dict('records')))}."
        for how, rows in (("More", over), ("Less", _foremost(under, UNDER)))
        if len(rows)
    ]
    return parts or ["In no trait do its members differ from everybody by more than chance explains."]


def _foremost(traits: pd.DataFrame, most: int) -> pd.DataFrame:
    """The value of each trait that differs most, and of these the first few."""
    order = traits["difference"].abs().sort_values(ascending=False, kind="stable").index
    return traits.loc[order].drop_duplicates("trait").head(most)


def _trait(row: Row) -> str:
    shares = f"({_percent(row['share'])}, everybody {_percent(row['population_share'])})"
    return f"{row['trait']} {_quoted(row['value'])} {shares}"


def _apart(questions: pd.DataFrame, shares: Shares, survey: Survey) -> list[str]:
    if questions.empty:
        return ["Too few of its members answered any question to say what sets their answers apart."]
    surely = questions[questions["adjusted_p"] <= FALSE_CALLS]
    if surely.empty:
        return ["No question is answered otherwise than by everybody by more than chance explains."]
    first = surely[surely["topic"].isna() | ~surely["topic"].duplicated()].head(QUESTIONS)
    answers = (_answer(row, shares, survey) for row in first.to_dict("records"))
    return [f"What sets its answers apart: {_listed(answers, '; ')}."]


def _answer(row: Row, shares: Shares, survey: Survey) -> str:
    """How members answer a question, beside everybody: a share, or the mean of numbers."""
    question, options = _place(row, survey)
    if question.scale is not None:
        own, all_ = shares.share[shares.names.index(row["persona"]), options], shares.population[options]
        means = (f"{part @ question.scale.numbers:.3g}" for part in (own, all_))
        return "to {} they answer {} on average (everybody {})".format(_quoted(row["text"]), *means)
    ratio = row["share"] / row["population_share"]
    times = f", {ratio:.{ratio < 10:d}f} times as often" if ratio >= 1.5 else ""
    return (
        f"to {_quoted(row['text'])} {_percent(row['share'])} answer {_quoted(row['option'])} "
        f"(everybody {_percent(row['population_share'])}{times})"
    )


def _common(shares: Shares, survey: Survey, distinguishing: pd.DataFrame) -> dict[str, list[str]]:
    """A sentence for each persona that answers some question like everybody."""
    found: dict[str, list[str]] = {}
    for row in distinguishing.sort_values("high", kind="stable").to_dict("records"):
        question, options = _place(row, survey)
        best = int(np.argmax(shares.population[options]))
        usual = float(shares.population[options][best])
        if row["persona"] in found or usual < COMMON or row["high"] > ALIKE:
            continue
        share = float(shares.share[shares.names.index(row["persona"]), options][best])
        option = _quoted(question.options[best].text)
        text = f"Like everybody ({_percent(usual)}), {_percent(share)} answer {option} to {_quoted(row['text'])}."
        found[row["persona"]] = [text]
    return found


def _place(row: Row, survey: Survey) -> tuple[Question, slice]:
    """A row's question, and where its options are."""
    column = survey.question_index[row["question"]]
    return survey.questions[column], slice(*survey.offsets[column : column + 2])


def _asked(personas: Personas, survey: Survey) -> dict[str, list[str]]:
    """A warning for each persona that is also set apart by which questions it answered."""
    if not survey.questions:
        return {}
    rows = asked_most_apart(personas, survey)
    rows = rows[(rows["share"] - rows["population_share"]).abs() > ASKED]
    return {
        row["persona"]: [
            f"Beware that its members also answered other questions than everybody: {_percent(row['share'])} of them "
            f"answered {_quoted(row['text'])}, {_percent(row['population_share'])} of everybody did."
        ]
        for row in rows.to_dict("records")
    }


def _care(size: float) -> str:
    if size <= 0:
        return "Its members have no weight: nothing can be said of them."
    half = f"a share of one half is uncertain by {100 * Z * 0.5 / np.sqrt(size):.0f} percentage points either way"
    if size < SMALL:
        return f"Read with care: with an effective sample of only {size:.0f}, {half}."
    return f"With an effective sample of {size:,.0f}, {half}."


def _quoted(text: object) -> str:
    """Survey text on one line, shortened in the middle, in quotation marks that its own cannot be mistaken for."""
    line = " ".join(str(text).split())
    if len(line) > HEAD + TAIL + 20:
        line = f"{line[:HEAD].rsplit(' ', 1)[0]} … {line[-TAIL:].split(' ', 1)[-1]}"
    return "“" + line.replace("“", "'").replace("”", "'").replace('"', "'") + "”"


def _listed(parts: Iterable[str], between: str = ", ") -> str:
    *first, last = parts
    return f"{between.join(first)}{between if between != ', ' else ' '}and {last}" if first else last


def _percent(share: float) -> str:
    value = 100 * share
    return f"{value:.0f}%" if 1 <= value <= 99 or value in (0, 100) else f"{value:.1f}%"
