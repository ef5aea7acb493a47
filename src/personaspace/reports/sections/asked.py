"""What was asked of whom: counts, weights, what was set apart, and the respondents' traits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from personaspace.profiles.shares import trait_choices
from personaspace.profiles.statistics import effective_size
from personaspace.reports.story import Story
from personaspace.reports.table import Table, count, share, table, text
from personaspace.survey.survey import Survey


def asked(story: Story) -> dict[str, Any]:
    """Facts by name, sentences on weights and on what was set apart, and the table of traits."""
    survey = story.split.survey
    given = np.bincount(survey.answers.respondent, minlength=len(survey))
    cells = len(survey) * len(survey.questions)
    numeric = sum(question.scale is not None for question in survey.questions)
    facts = {
        "respondents": f"{len(survey):,}",
        "questions": f"{len(survey.questions):,}",
        "answers": f"{len(survey.answers):,}",
        "refusals": f"{len(survey.refusals):,}",
    }
    filled = f"{len(survey.answers) / cells:.0%} of all cells; half of the people gave {np.median(given):,.0f} or more"
    numbers = f" {numeric:,} questions are answered with a number." if numeric else ""
    return {
        "facts": facts,
        "sentences": [f"Answers fill {filled}.{numbers}", _weights(survey), *_apart(story)],
        "traits": _traits(survey),
    }


def _weights(survey: Survey) -> str:
    if survey.weights is None:
        return "There are no survey weights: everybody counts alike."
    size = float(effective_size(np.array([survey.weight.sum()]), np.array([(survey.weight**2).sum()]))[0])
    low, high = survey.relative_weight.min(), survey.relative_weight.max()
    return (
        f"Survey weights are used, from {low:.2g} to {high:.2g} times their mean. With them {len(survey):,} people "
        f"tell as much about everybody as {size:,.0f} of equal weight (Kish's effective sample size)."
    )


def _apart(story: Story) -> list[str]:
    parts = story.split
    unseen, questions = len(parts.unseen_known), len(parts.held_out_questions.questions)
    answers = len(parts.held_out_answers.answers)
    if not (unseen or questions or answers):
        return ["Nothing was set apart: everything was used for fitting, so nothing is left to test predictions on."]
    return [
        f"Set apart to test predictions on, and seen by no stage: {unseen:,} respondents, {questions:,} questions, and "
        f"{answers:,} answers of the others. Personas are found among the other {len(parts.train):,} respondents, by "
        f"{len(parts.train.answers):,} answers to {len(parts.train.questions):,} questions; all that follows is about "
        "these unless it says otherwise."
    ]


def _traits(survey: Survey) -> Table | None:
    has, _, names = trait_choices(survey)
    if not names:
        return None
    shares = (survey.weight @ has) / survey.weight.sum()
    people = np.asarray(has.sum(axis=0)).ravel()
    frame = pd.DataFrame(names, columns=["trait", "value"])
    frame.insert(1, "label", [survey.trait_labels.get(trait, trait) for trait, _ in names])
    frame = frame.assign(respondents=people.astype(np.int64), part=people / len(survey), share=shares)
    columns = {"value": ("Value", text), "label": ("Trait", text), "respondents": ("Respondents", count)}
    columns["part"] = ("Part", share)
    if survey.weights is not None:
        columns["share"] = ("Weighted", share)
    return table("traits", "Traits of all respondents; the rest of 100% is not known.", frame, columns)
