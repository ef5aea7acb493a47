"""A new question put to a run: what is known of it, from files and arguments, and what everybody is expected to say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from personaspace.errors import SettingError
from personaspace.newquestions.evidence_files import read_crosstab
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.points import PersonasLike
from personaspace.newquestions.poll import Poll
from personaspace.runs.written import numbers_by_name


def told_shares(
    asked: NewQuestion, topline: str | None, topline_n: int | None, crosstab: str | Path | None, crosstab_n: int | None
) -> NewQuestion:
    """The question with published shares of everybody and of groups.

    Args:
        asked: The question.
        topline: Shares of everybody, written such as ``"Yes=38,No=62"``.
        topline_n: People who were asked.
        crosstab: A CSV file with shares of groups; see :func:`read_crosstab`.
        crosstab_n: People who were asked.

    Raises:
        SettingError: A topline is not written that way, or people were counted and nothing was given.
        UnknownNameError: There is no such option or group.
        SurveyError: Shares do not sum to 1 or to 100, the file cannot be read, or the question was asked already.
    """
    for name, given, people in (("topline", topline, topline_n), ("crosstab", crosstab, crosstab_n)):
        if given is None and people is not None:
            raise SettingError(f"--{name}-n says how many people are behind --{name}: give that too")
    if topline is not None:
        options = [option.text for option in asked.question.options]
        asked = asked.topline(numbers_by_name(topline, "topline", "Yes=38,No=62", options), topline_n)
    return asked if crosstab is None else asked.crosstab(read_crosstab(crosstab), crosstab_n)


def expected(asked: NewQuestion, personas: PersonasLike) -> Poll:
    """The answers that the question prior expects of personas, with those of everybody in the last row."""
    polls = asked.predict(personas), asked.everybody()
    low, high = (
        None if asked.known is not None else pd.concat(tables)
        for tables in ([poll.low for poll in polls], [poll.high for poll in polls])
    )
    return Poll(asked.question, pd.concat([poll.probabilities for poll in polls]), low=low, high=high)
