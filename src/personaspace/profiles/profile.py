"""Profiles: who the members of personas are and what they answered, as tidy tables, pictures and a paragraph each.

Shares are weighted by the survey's weights, counts of respondents and answers are not. Only personas with at least
two members are described: a single respondent or a mixture has no profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.files import write_text
from personaspace.persona.personas import Personas
from personaspace.profiles.card import cards
from personaspace.profiles.composition import composition
from personaspace.profiles.questions import MIN_ANSWERS, distinguishing_questions, separating_questions
from personaspace.survey.survey import Survey

if TYPE_CHECKING:
    from personaspace.report.plots.picture import Plot


@dataclass(frozen=True, eq=False)
class Profile:
    """Four tables about the same personas.

    Attributes:
        composition: See :func:`~personaspace.profiles.composition.composition`.
        distinguishing: See :func:`~personaspace.profiles.questions.distinguishing_questions`.
        separating: See :func:`~personaspace.profiles.questions.separating_questions`.
        cards: See :func:`~personaspace.profiles.card.cards`; always of answers that people gave.
    """

    composition: pd.DataFrame
    distinguishing: pd.DataFrame
    separating: pd.DataFrame
    cards: pd.DataFrame

    def save(self, folder: str | Path) -> None:
        """Write ``composition.csv``, ``distinguishing.csv``, ``separating.csv`` and ``cards.csv`` into a folder.

        Raises:
            RunError: The folder cannot be written.
        """
        self._write(folder, ("composition", "cards"))
        self.save_questions(folder)

    def save_questions(self, folder: str | Path) -> None:
        """Write the two tables of questions only.

        Raises:
            RunError: The folder cannot be written.
        """
        self._write(folder, ("distinguishing", "separating"))

    def plot(self, persona: str | None = None, what: str = "composition") -> Plot:
        """A picture of the tables.

        Args:
            persona: Whom to show in detail: its shares beside everybody's, with 95% intervals. Without it all
                personas are shown beside one another.
            what: ``"composition"``, or ``"questions"`` for the distinguishing ones.

        Returns:
            A picture that saves itself as HTML, PNG or SVG.

        Raises:
            UnknownNameError: There is no such persona or picture.
            SettingError: There is nothing to show.
        """
        from personaspace.report.plots.profile import profile_plot

        return profile_plot(self, persona, what)

    def _write(self, folder: str | Path, names: tuple[str, ...]) -> None:
        for name in names:
            table: pd.DataFrame = getattr(self, name)
            write_text(Path(folder) / f"{name}.csv", table.to_csv(index=False))


def profile(
    personas: Personas, survey: Survey, min_answers: int = MIN_ANSWERS, imputed_by: Embedder | None = None
) -> Profile:
    """All tables at once.

    Args:
        personas: Those to describe.
        survey: The population: answers, traits and weights; members are matched by id.
        min_answers: Questions that fewer members of a persona answered are left out for it.
        imputed_by: An embedder whose expected answers take the place of those given in the two tables of questions.

    Returns:
        The tables.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.
    """
    who = composition(personas, survey)
    given = distinguishing_questions(personas, survey, min_answers)
    return Profile(
        composition=who,
        distinguishing=given if imputed_by is None else distinguishing_questions(personas, survey, 0, imputed_by),
        separating=separating_questions(personas, survey, min_answers, imputed_by),
        cards=cards(personas, survey, who, given),
    )
