"""The answers in which a persona differs from the population, in words: directions, means, shares, boxes selected."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from personaspace.profiles.quoting import listed, percent, quoted
from personaspace.profiles.shares import Shares
from personaspace.survey.arrays import FloatArray
from personaspace.survey.filters import filtered_questions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

Row = Mapping[Hashable, Any]

QUESTIONS, BOXES = 3, 3
"""Questions, and boxes of one question to tick, that are named at the most."""

ONE_WAY = 0.5
"""Part of what lies elsewhere on the scale than in the population that must lie towards the same end."""

SELECTED = 1
"""The second option of a checkbox."""


@dataclass(frozen=True, eq=False)
class AnswersApart:
    """Writer of the answers in which personas differ from the population.

    Args:
        survey: Questions and their filters.
        shares: Of the answers given in it.
    """

    survey: Survey
    shares: Shares

    def named(self, significant: pd.DataFrame) -> list[str]:
        """Phrases on the first questions in rank, one of a topic; the boxes of one question to tick are one phrase.

        Args:
            significant: Rows of a persona's distinguishing questions whose answers differ significantly.
        """
        rows = significant.to_dict("records")
        found: list[str] = []
        told: set[str] = set()
        for row in rows:
            question = self.question(row)
            about = {text for text in (question.topic, question.stem) if text is not None}
            if len(found) == QUESTIONS or about & told:
                continue
            told |= about
            if question.stem is None:
                found.append(self._answer(row, question))
            else:
                found.append(self._boxes([other for other in rows if self.question(other).stem == question.stem]))
        return found

    def question(self, row: Row) -> Question:
        """The question of a row."""
        return self.survey.questions[self.survey.question_index[row["question"]]]

    def asked_after(self, name: str) -> str:
        """The answers that lead to a filtered question, such as ``“yes” to “Do you drink tea?”``; empty for others."""
        found = filtered_questions(self.survey).get(name)
        if found is None:
            return ""
        first = " or ".join(quoted(answer, 30, 20) for answer in found.answers[:2])
        more = " or the like" if len(found.answers) > 2 else ""
        return f"{first}{more} to {quoted(self.survey.question(found.parent).text, 30, 30)}"

    def of_both(self, row: Row) -> tuple[FloatArray, FloatArray]:
        """Share of each option to a row's question, the members' and the population's; each of shape ``[options]``."""
        column = self.survey.question_index[row["question"]]
        options = slice(*self.survey.offsets[column : column + 2])
        return self.shares.share[self.shares.names.index(row["persona"]), options], self.shares.population[options]

    def _answer(self, row: Row, question: Question) -> str:
        members, population = self.of_both(row)
        to = f"to {quoted(row['text'])}{self._filter(question)}"
        if question.scale is not None:
            means = (f"{part @ question.scale.numbers:.3g}" for part in (members, population))
            return "{} they answer {} on average (population {}) on a scale from {}".format(to, *means, question.scale)
        if moved := direction(question, members, population):
            mean, usual, low, high = moved
            nearer = high if mean > usual else low
            return (
                f"{to} they answer nearer to {quoted(nearer)} than the population (mean {mean:.2f}, population "
                f"{usual:.2f}; {quoted(low)} is 0, {quoted(high)} is 1)"
            )
        ratio = row["share"] / row["population_share"]
        times = f", {ratio:.{ratio < 10:d}f} times as often" if ratio >= 1.5 else ""
        return (
            f"{to} {percent(row['share'])} answer {quoted(row['option'])} "
            f"(population {percent(row['population_share'])}{times})"
        )

    def _boxes(self, rows: list[Row]) -> str:
        """Which boxes of a "tick all that apply" the members select more, and less, often than the population."""
        more: list[str] = []
        less: list[str] = []
        for row in rows[:BOXES]:
            share, usual = (float(part[SELECTED]) for part in self.of_both(row))
            box = f"{quoted(self.question(row).item)} ({percent(share)}, population {percent(usual)})"
            (more if share > usual else less).append(box)
        parts = [f"{how} often {listed(boxes)}" for how, boxes in (("more", more), ("less", less)) if boxes]
        first = self.question(rows[0])
        return f"of {quoted(first.stem)}{self._filter(first)} they select {', and '.join(parts)}"

    def _filter(self, question: Question) -> str:
        after = self.asked_after(question.id)
        return f" (asked only after {after})" if after else ""


def direction(question: Question, members: FloatArray, population: FloatArray) -> tuple[float, float, str, str] | None:
    """The mean positions of two groups' answers, where one group lies nearer to an end of the scale than the other.

    Options without a position are left out. The distance between the means is compared with the Wasserstein distance
    of the answers: they are equal where all that differs moves the same way, and the means agree where one group is
    nearer to both ends.

    Args:
        question: With options on a scale.
        members: Share of each option in the group, shape ``[options]``.
        population: The same in the population.

    Returns:
        Both means, in [0, 1], and the texts of the options at the low and the high end; ``None`` where the question
        has fewer than three places, where what differs most is an option off the scale, or where less than half of
        what differs moves the same way.

    Example:
        >>> from personaspace.survey.question import Option
        >>> worried = Question("w", "Worried?", (Option("no", 0.0), Option("some", 0.5), Option("much", 1.0)))
        >>> direction(worried, np.array([0.1, 0.3, 0.6]), np.array([0.3, 0.4, 0.3]))
        (0.75, 0.5, 'no', 'much')
        >>> direction(worried, np.array([0.4, 0.1, 0.5]), np.array([0.2, 0.5, 0.3])) is None
        True
    """
    places = question.positions
    on = np.flatnonzero(~np.isnan(places))
    order = on[np.argsort(places[on], kind="stable")]
    if len(np.unique(places[on])) < 3 or np.isnan(places[np.abs(members - population).argmax()]):
        return None
    totals = members[order].sum(), population[order].sum()
    if not min(totals) > 0:
        return None
    here, there = members[order] / totals[0], population[order] / totals[1]
    mean, usual = float(here @ places[order]), float(there @ places[order])
    apart = float(np.abs((here - there).cumsum()[:-1]) @ np.diff(places[order]))
    if not abs(mean - usual) >= ONE_WAY * apart > 0:
        return None
    return round(mean, 9), round(usual, 9), question.options[order[0]].text, question.options[order[-1]].text
