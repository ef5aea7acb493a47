"""Questions: those that separate personas first, and what every persona answers to each, to be looked up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from personaspace.profiles.profile import Profile
from personaspace.profiles.shares import Shares
from personaspace.profiles.statistics import wilson
from personaspace.reports.story import Story
from personaspace.reports.table import csv_address, number
from personaspace.survey.arrays import FloatArray, IntArray

FIRST = 15
"""Questions shown before anything is searched for."""


def questions(story: Story, shares: Shares | None) -> dict[str, Any]:
    """A row per question asked of training respondents, and the answers by persona as plain lists.

    Answers are in tenths of a percent: per question a list of ``[share, low, high]`` per option for each persona and,
    last, for everybody; -1 where nobody answered.
    """
    survey = story.split.train
    ranked = story.profile.separating if isinstance(story.profile, Profile) else pd.DataFrame({"question": []})
    by_id = {row["question"]: row for row in ranked.to_dict("records")}
    others = [question.id for question in survey.questions if question.id not in by_id]
    rows = []
    for rank, name in enumerate([*by_id, *others], 1):
        question, found = survey.question(name), by_id.get(name)
        rows.append(
            {
                "place": survey.question_index[name],
                "rank": rank if found else "",
                "text": question.text,
                "id": name,
                "topic": question.topic or "",
                "difference": number(found["mean_tv_corrected"]) if found else "",
                "interval": f"{number(found['low'])} to {number(found['high'])}" if found else "",
                "bar": round(100 * max(found["mean_tv_corrected"], 0), 1) if found else 0,
                "low": round(100 * found["low"], 1) if found else 0,
                "high": round(100 * found["high"], 1) if found else 0,
            }
        )
    answers = [] if shares is None else _answers(shares, len(survey.questions))
    details = [
        {
            "options": [option.text for option in question.options],
            "scale": question.scale is not None,
            "answers": answers[column] if answers else [],
        }
        for column, question in enumerate(survey.questions)
    ]
    return {
        "rows": rows,
        "first": FIRST,
        "csv": csv_address(ranked) if by_id else "",
        "details": details,
        "groups": [] if shares is None else [story.personas.names.index(name) for name in shares.names],
        "topics": any(question.topic for question in survey.questions),
    }


def _answers(shares: Shares, count: int) -> list[list[list[list[int]]]]:
    share = np.vstack([shares.share, shares.population])
    size = np.vstack([shares.over_options(shares.size), shares.over_options(shares.population_size)])
    low, high = wilson(share, size)
    cells = np.stack([_tenths(part) for part in (share, low, high)], axis=-1)
    return [
        [cells[row, shares.offsets[at] : shares.offsets[at + 1]].tolist() for row in range(len(cells))]
        for at in range(count)
    ]


def _tenths(values: FloatArray) -> IntArray:
    return np.where(np.isnan(values), -1, np.rint(1000 * np.nan_to_num(values))).astype(np.int64)
