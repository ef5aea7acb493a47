"""A question nobody was asked: expected before and after a pilot, and answered; and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from personaspace.profiles.statistics import wilson
from personaspace.reports.chart import Legend, Mark, Row, chart
from personaspace.reports.story import HeldOutQuestion, Missing, Story
from personaspace.reports.table import share, table, text

ALL = "everybody"


def new_question(story: Story) -> dict[str, Any] | Missing:
    """The question, what was done, the picture of everybody, and the table by persona."""
    if isinstance(story.held_out, Missing):
        return story.held_out
    found = story.held_out
    before, after, actual = (_long(found, what) for what in ("before", "after", "actual"))
    rows = []
    for place, option in enumerate(found.question.options):
        lanes = [
            [_mark("ring", "c3", before, place)],
            [_mark("dot", "c0", after, place)],
            [_mark("tick", "plain", actual, place)],
        ]
        rows.append(Row(option.text, lanes))
    legend: Sequence[Legend] = (
        ("ring", "c3", "expected from its text alone"),
        ("dot", "c0", f"expected after {found.pilot} answers"),
        ("tick", "plain", "as it was answered"),
    )
    frame = pd.concat(
        [before.assign(what="text alone"), after.assign(what="after the pilot"), actual.assign(what="answered")]
    )
    columns = {"persona": ("Who", text), "option": ("Answer", text), "what": ("What", text), "share": ("Share", share)}
    columns |= {"low": ("from", share), "high": ("to", share)}
    label = "What everybody is expected to answer, and what was answered"
    return {
        "question": found.question.text,
        "id": found.question.id,
        "pilot": found.pilot,
        "answered": f"{found.answered[ALL]:,}",
        "finding": _finding(found),
        "chart": chart(label, rows, "share of answers, 95% intervals", legend),
        "table": table("new question", "The same for each persona", frame, columns),
        "personas": _by_persona(found),
    }


def _long(found: HeldOutQuestion, what: str) -> pd.DataFrame:
    """One of the tables with a row per persona and option, everybody last."""
    if what == "actual":
        shares = found.actual
        low, high = wilson(shares.to_numpy(np.float64), np.asarray(found.effective, np.float64)[:, None])
    else:
        poll = found.before if what == "before" else found.after
        shares = poll.probabilities
        low, high = (np.full(shares.shape, np.nan) if end is None else end.to_numpy() for end in (poll.low, poll.high))
    frame = pd.DataFrame({"persona": np.repeat(shares.index.to_numpy(object), shares.shape[1])})
    frame["option"] = [option.text for option in found.question.options] * len(shares)
    return frame.assign(share=shares.to_numpy().ravel(), low=low.ravel(), high=high.ravel())


def _mark(kind: Any, color: str, frame: pd.DataFrame, place: int) -> Mark:
    row = frame[frame["persona"] == ALL].iloc[place]
    return Mark(kind, color, row["share"], row["low"], row["high"])


def _finding(found: HeldOutQuestion) -> str:
    """How far the expectations are from the answers, in percentage points."""
    true = found.actual.loc[ALL].to_numpy(np.float64)
    off = [100 * np.abs(poll.probabilities.loc[ALL].to_numpy() - true).mean() for poll in (found.before, found.after)]
    return (
        f"From its text alone, shares are off by {off[0]:.0f} percentage points on average; "
        f"after {found.pilot} answers by {off[1]:.0f}"
    )


def _by_persona(found: HeldOutQuestion) -> list[dict[str, Any]]:
    """Of each persona, everybody last, the shares of each option: before, after, answered."""
    tables = (found.before.probabilities, found.after.probabilities, found.actual)
    rows = []
    for name in found.actual.index:
        cells = [
            [share(frame.loc[name].iloc[place]) for frame in tables] for place in range(len(found.question.options))
        ]
        rows.append({"name": str(name), "answered": f"{found.answered[name]:,}", "cells": cells})
    return rows


def words(story: Story) -> dict[str, Any] | Missing:
    """What a steered model says for each persona."""
    if isinstance(story.words, Missing):
        return story.words
    said = [
        {"name": str(name), "answer": row["answer"], "text": row["text"]}
        for name, row in zip(story.words.said.index, story.words.said.to_dict("records"), strict=True)
    ]
    return {"model": story.words.model, "question": story.words.question.text, "said": said}
